"""The prediction log in files, `date=2026-01-02/model=wine/default.parquet`, a day at a time.

A day of one tenant is the unit: its files are put in their places when all of them are whole, and
a note below `_exported` says so. A day that was noted is not read again, so whoever was killed goes
on where he was; one that is not long over has no note.
"""

from collections import defaultdict
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory

from sqlalchemy import Engine

from deploy.local.prediction_log.writers import WRITERS, Writer
from shared.db.engine import reading
from shared.payloads.shelves import Shelf
from shared.prediction_log.export import Record, oldest, records
from shared.prediction_log.listing import Wanted
from shared.prediction_log.tenants import tenants_of_log

NOTES = "_exported"

SETTLED = timedelta(hours=1)
"""A row is written a little after the moment that it bears: so long a day is not thought over."""

DAY = timedelta(days=1)
LAST_MOMENT = timedelta(microseconds=1)


@dataclass(frozen=True, slots=True)
class Exported:
    """What became of one day of a tenant; `files` is 0 where there was nothing, or it was done."""

    tenant: str
    day: date
    rows: int = 0
    files: int = 0
    done_before: bool = False


@dataclass(frozen=True, slots=True)
class Export:
    """What goes where; `again` also exports days that were done. Days are those of UTC."""

    engine: Engine
    shelf: Shelf
    format: str
    now: datetime
    since: date | None = None
    until: date | None = None
    tenant: str | None = None
    model: str | None = None
    again: bool = False
    drafts: Path | None = None

    def run(self) -> Iterator[Exported]:
        """Each day of each tenant as it is done."""
        for tenant in self._tenants():
            for day in self._days(tenant):
                note = self._note(tenant, day)
                if not self.again and self.shelf.holds(note):
                    yield Exported(tenant, day, done_before=True)
                    continue
                yield self._export(tenant, day, note)

    def _tenants(self) -> list[str]:
        with reading(self.engine) as connection:
            found = list(tenants_of_log(connection))
        return [one for one in found if self.tenant in (None, one)]

    def _days(self, tenant: str) -> Iterator[date]:
        with reading(self.engine) as connection:
            first = oldest(connection, tenant)
        if first is None:
            return
        day = max(first.date(), self.since or date.min)
        until = min(self.until or date.max, self.now.date())
        while day <= until:
            yield day
            day += DAY

    def _export(self, tenant: str, day: date, note: str) -> Exported:
        with TemporaryDirectory(dir=self.drafts) as folder:
            drafts, rows = self._written(tenant, day, Path(folder))
            before = set(self._files(tenant, day))
            for path, draft in drafts.items():
                self.shelf.put(path, draft)
            for path in before - drafts.keys():  # of a model whose rows were erased since
                self.shelf.delete(path)
            if self.now >= _begin(day + DAY) + SETTLED:
                done = Path(folder) / "_note"
                done.write_text(f"{rows} rows in {len(drafts)} files\n")
                self.shelf.put(note, done)
        return Exported(tenant, day, rows, len(drafts))

    def _written(self, tenant: str, day: date, folder: Path) -> tuple[dict[str, Path], int]:
        """Where each draft is to go, and how many rows they have."""
        since = _begin(day)
        wanted = Wanted(tenant, self.model, since=since, until=since + DAY - LAST_MOMENT)
        drafts: dict[str, Path] = {}
        writers: dict[str, Writer] = {}
        rows = 0
        with ExitStack() as open_files:
            for page in records(self.engine, wanted):
                rows += len(page)
                for model, its in _by_model(page).items():
                    if model not in writers:
                        draft = drafts[self._path(tenant, day, model)] = folder / model
                        writers[model] = WRITERS[self.format](draft)
                        open_files.callback(writers[model].close)
                    writers[model].write(its)
        return drafts, rows

    def _path(self, tenant: str, day: date, model: str) -> str:
        return f"date={day}/model={model}/{tenant}.{self.format}"

    def _note(self, tenant: str, day: date) -> str:
        of_model = f"/{self.model}" if self.model else ""
        return f"{NOTES}/{self.format}/{tenant}/{day}{of_model}.txt"

    def _files(self, tenant: str, day: date) -> Iterator[str]:
        """What an earlier export has put there of this tenant."""
        for path in self.shelf.listed(f"date={day}"):
            _, model, name = path.split("/")[-3:]
            if name == f"{tenant}.{self.format}" and self.model in (None, model[len("model=") :]):
                yield path


def _by_model(page: list[Record]) -> dict[str, list[Record]]:
    found: dict[str, list[Record]] = defaultdict(list)
    for one in page:
        found[one["model"]].append(one)
    return found


def _begin(day: date) -> datetime:
    return datetime.combine(day, time(), UTC)
