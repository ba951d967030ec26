"""The part of the API about batch files of requests to a language model."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from deeppersona_graph.api.connected import Connected
from deeppersona_graph.llm.executors.batch import FOLDER, batch_status, export_batches, withdraw_batch
from deeppersona_graph.llm.executors.responses import ImportReport, import_responses
from deeppersona_graph.llm.outbox import BatchStatus
from deeppersona_graph.llm.store import open_store


class Batches(Connected):
    """Batch files, as the providers take them."""

    def batch_status(self) -> Sequence[BatchStatus]:
        """How far every batch file has come, by wave."""
        with open_store(self.settings) as store:
            return batch_status(store)

    def batch_export(self, folder: Path) -> Sequence[Path]:
        """Copy the batch files that still wait for answers into `folder`; where they are now.

        Raises `InputError` where none waits, one is gone, or the folder cannot be written; where one is gone,
        nothing is copied.
        """
        with open_store(self.settings) as store:
            return export_batches(store, self.settings.data_dir / FOLDER, folder)

    def batch_import(self, file: Path) -> ImportReport:
        """Take in a file of responses; raises `ResponseFileError` where it cannot be read."""
        key = self.settings.api_key
        with open_store(self.settings) as store:
            return import_responses(file, store, secret=None if key is None else key.get_secret_value())

    def batch_withdraw(self, name: str) -> int:
        """Give up a batch file that was lost, rejected whole or never sent; how many requests go out again.

        Raises `UnknownNameError` where no batch file is called that.
        """
        with open_store(self.settings) as store:
            return withdraw_batch(store, name)
