"""The figures the office reports, each a table of a period and a place: stock, bulletins, use of posts, timeliness, targets."""

from matching.reports.assistance import assistance_bulletin, breach_causes, placements_by_kind
from matching.reports.pairing import pairing_bulletin
from matching.reports.period import Period
from matching.reports.posts import post_use
from matching.reports.stock import stock_movement, stock_series, zero_spells, zero_stock_list
from matching.reports.target import programme_progress
from matching.reports.timeliness import timeliness

__all__ = [
    "Period",
    "assistance_bulletin",
    "breach_causes",
    "pairing_bulletin",
    "placements_by_kind",
    "post_use",
    "programme_progress",
    "stock_movement",
    "stock_series",
    "timeliness",
    "zero_spells",
    "zero_stock_list",
]
