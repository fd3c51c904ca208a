"""Pages as PDF, and the referral number as a QR code; both without a network and with nothing fetched from anywhere."""

import io
from importlib.resources import files

import segno
from fastapi.responses import Response
from starlette.responses import HTMLResponse

from matching.errors import NotReady

SIZES = ("A5", "A4")
"""Paper a letter is made for."""


def pdf(page: HTMLResponse, size: str, name: str) -> Response:
    """Return a page as a PDF of a paper size; NotReady with what to install where this machine cannot make one."""
    try:
        from weasyprint import CSS, HTML
        from weasyprint.urls import URLFetcher
    except (ImportError, OSError) as error:
        raise NotReady(
            "PDF: expected WeasyPrint with the libraries pango and harfbuzz-subset, found none; print the page instead, or install them"
        ) from error

    class _Nothing(URLFetcher):  # type: ignore[misc]
        def fetch(self, url: str, headers: object = None) -> object:
            """Refuse every address."""
            raise ValueError(f"a page on paper fetches nothing, found {url[:80]}")

    sheets = [CSS(string=_style("page.css")), CSS(string=_style(f"{size.lower()}.css"))]
    document = HTML(string=bytes(page.body).decode(), url_fetcher=_Nothing(), base_url="about:blank")
    made = document.write_pdf(stylesheets=sheets, pdf_variant="pdf/ua-1")
    headers = {"Content-Disposition": f'inline; filename="{name}.pdf"'}
    return Response(made, media_type="application/pdf", headers=headers)


def qr_svg(text: str) -> str:
    """Return a QR code as SVG without a style of its own; it carries the text and nothing else."""
    out = io.BytesIO()
    segno.make(text, error="m", micro=False).save(
        out, kind="svg", xmldecl=False, svgns=True, border=2, scale=3, nl=False
    )
    return out.getvalue().decode()


def _style(name: str) -> str:
    return (files("service.web") / "static" / name).read_text("utf-8")
