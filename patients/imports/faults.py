"""What can be wrong with a file or a row, as codes that are stored and sentences that people read."""

from __future__ import annotations

from typing import NamedTuple

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _


class Fault(NamedTuple):
    """One thing that is wrong with a row: its code and the column, never the value."""

    code: str
    column: str = ""
    is_warning: bool = False


class Wrong(ValueError):
    """A cell does not say what its column needs."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


class Unreadable(Exception):
    """A file that can not be read as a table, from some row on or at all."""

    def __init__(self, code: str, row: int | None = None) -> None:
        super().__init__(code)
        self.code, self.row = code, row


OF_FILE: dict[str, Promise] = {
    "empty": _("The file is empty."),
    "no_rows": _("The file holds headings and no rows."),
    "one_column": _("Only one column was found. Columns are parted by comma, semicolon, tab or bar."),
    "too_many_columns": _("The file has more than 200 columns."),
    "headings": _("Two columns have the same heading. Please give each a heading of its own."),
    "workbook": _("This is an Excel workbook, whatever its name says. Save it as “CSV UTF-8” first."),
    "archive": _("This is a packed file. Unpack it and upload the CSV file in it."),
    "not_text": _("This is no text file, so it can not be a table."),
    "too_large": _("The file is larger than 2 GB. Please split it."),
    "line_too_long": _("A line is longer than a million characters."),
    "quote_open": _("A quotation mark is opened and not closed, so that the end of the row can not be told."),
    "encoding": _("The file can not be read in this encoding. Choose another one."),
    "file_gone": _("The uploaded file can no longer be opened. Please upload it again."),
    "no_patients_file": _("This is no folder of Synthea's CSV files: it holds no patients.csv."),
    "no_such_column": _("A file lacks the column that says whose its rows are."),
    "not_allowed": _("Whoever started it may no longer import this."),
    "failed": _("Something went wrong on our side. What was written stays; go on when it is put right."),
}  # fmt: skip

OF_ROW: dict[str, Promise] = {
    "missing": _("This is needed and the cell is empty."),
    "name": _("A family name or a full name is needed."),
    "day": _("This is not a day of the calendar. Write it as 1990-12-31."),
    "day_order": _("Day and month can not be told apart. Choose their order, or write 1990-12-31."),
    "day_future": _("This day lies in the future."),
    "day_early": _("This day lies before 1850."),
    "time": _("This is not a time. Write it as 1990-12-31 14:30."),
    "end": _("The end lies before the beginning."),
    "amount": _("This is not an amount. Write it as 1234.50."),
    "currency": _("This is not a currency code of three letters, such as CNY."),
    "sex": _("This is none of male, female, other, unknown."),
    "choice": _("This is none of the values that are known here."),
    "phone": _("This is not a phone number."),
    "email": _("This is not an e-mail address."),
    "number": _("This number holds characters that no number has."),
    "too_long": _("This text is too long."),
    "control": _("This holds characters that are no text."),
    "undecodable": _("This can not be read in the encoding of the file."),
    "invisible": _("Invisible characters were removed."),
    "cell_count": _("This row has another number of cells than the headings."),
    "quotes": _("Quotation marks in this row do not match."),
    "twice": _("An earlier row of this file has the same number."),
    "nobody": _("No patient with this number is registered here."),
    "several": _("More than one patient has this number."),
    "no_visit": _("This patient has no visit with this number."),
    "other_birth": _("The patient with this number here was born on another day."),
    "other_patient": _("Another patient here has this identity number."),
    "not_open": _("This is your own record or one of close family. A colleague has to import this row."),
    "merged": _("This record was merged into another one here."),
    "elsewhere": _("This number belongs to another patient here."),
    "corrected": _("This was corrected here since it was imported, and is not overwritten."),
    "registered": _("This patient is registered here already and stays as is."),
    "alike": _("Another patient here has the same phone number: perhaps the same person."),
    "service": _("No service of this name is offered here. Enter it first."),
    "practitioner": _("Nobody of this name gives this service here."),
    "room": _("There is no room of this name here."),
    "length": _("An appointment takes between 5 minutes and 8 hours."),
    "taken": _("Somebody has this time already: the clinician, the room or the patient."),
    "moved": _("This appointment is here with other contents. Move or cancel it here."),
    "content": _("This does not fit together. Please check the row."),
}  # fmt: skip


def sentence(code: str) -> str:
    """Return the sentence of a code; an unknown one, of a later version, shows as it is."""
    return str(OF_FILE.get(code) or OF_ROW.get(code) or code)
