"""Guangdong's regions."""

import pytest

from matching.errors import NotFound
from matching.regions import ancestors, codes_of, load_regions, name_of


def test_one_province_twenty_one_cities_and_their_districts_and_streets():
    counts = load_regions()["level"].value_counts().to_dict()
    assert counts["province"] == 1 and counts["city"] == 21 and counts["district"] == 122 and counts["street"] == 1757


def test_every_region_but_the_province_hangs_under_a_packaged_one():
    regions = load_regions()
    below = regions[regions["level"] != "province"]
    assert below["parent_code"].isin(regions["region_code"]).all() and regions["region_code"].is_unique


def test_districts_and_cities_have_points_inside_guangdong_and_streets_have_none():
    regions = load_regions()
    placed = regions[regions["level"] != "street"]
    assert placed["longitude"].between(109, 118).all() and placed["latitude"].between(20, 26).all()
    assert regions.loc[regions["level"] == "street", ["longitude", "latitude"]].isna().all().all()


def test_dongguan_and_zhongshan_have_towns_and_no_districts():
    regions = load_regions()
    for city in ("441900", "442000"):
        assert set(regions.loc[regions["parent_code"] == city, "level"]) == {"street"}


def test_a_street_knows_what_lies_above_it():
    assert ancestors("440305001") == ("440305", "440300", "440000") and name_of("440305") == "南山区"
    assert ancestors("441900003")[0] == "441900"


def test_names_lead_to_codes_with_and_without_suffix():
    assert codes_of("深圳") == codes_of("深圳市") == ("440300",)
    assert "440305" in codes_of("南山") and codes_of("东山区") == ()


def test_a_code_outside_the_table_is_not_found():
    with pytest.raises(NotFound, match="no region '110000'"):
        name_of("110000")


def test_the_table_is_handed_out_as_a_copy():
    mine = load_regions()
    mine["name_zh"] = ""
    assert name_of("440000") == "广东省"
