"""Files in and out: workbooks, CSV and Parquet as offices have them."""

from service.exchange.exporter import export_folder
from service.exchange.importer import ImportReport, import_file, import_paths

__all__ = ["ImportReport", "export_folder", "import_file", "import_paths"]
