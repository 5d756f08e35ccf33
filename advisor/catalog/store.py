"""Everything that is known, read from the catalog's layers when it is asked for."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from fnmatch import translate
from functools import cache, cached_property, partial
from pathlib import Path
from typing import TypeVar

import numpy as np

from advisor.architectures.names import device_of, folded, split_size
from advisor.catalog.accuracy import Accuracies, OwnImages, Place, Way, by_set, ways_of
from advisor.catalog.accuracy_table import key_of, read_accuracies
from advisor.catalog.board_cache import boards_of
from advisor.catalog.catalog_format import read_format
from advisor.catalog.column_cache import measurements_of
from advisor.catalog.devices import (
    DEVICE_ALIASES_FILE,
    MAKERS_FILE,
    board_hint,
    read_device_aliases,
    read_makers,
)
from advisor.catalog.entries import read_architectures, read_sources
from advisor.catalog.files import Layer, is_hosted, of_one_state
from advisor.catalog.hosted import layers_of
from advisor.catalog.identities import ALIASES_FILE, Alias, Identities, read_aliases
from advisor.catalog.records import (
    Architecture,
    Board,
    Labels,
    Measurements,
    Source,
    Weights,
    distinct,
)
from advisor.catalog.reproducibility import board_with_errors, rows_with_errors
from advisor.catalog.run_as import Variant
from advisor.catalog.stack import Stack, numbered_pairs
from advisor.catalog.tables import best_of_each, read_weights
from advisor.catalog.zoo import Zoo, of_floats, read_zoo, renamed_weights
from advisor.errors import AdvisorError, BrokenFileError, shown
from advisor.quality import CLASSIFICATION, task_of, usual
from advisor.stages import LOG, counted_off, stage

WEIGHTS, ACCURACY_FILE = "weights.csv", "accuracy.csv"

Entry = TypeVar("Entry")
Key = TypeVar("Key")
Read = TypeVar("Read")


class Architectures(dict[str, Architecture]):
    """Architectures by name: those that the catalog describes, behind which the zoo stands.

    Who goes through them gets the catalog's own, since hardly anyone who asks for all networks means a
    library's thousand. Another name is looked up when it is asked for, whole or qualified, so that the zoo's
    tables cost nothing but those who use them.
    """

    def __init__(
        self,
        own: Mapping[str, Architecture],
        zoo: Callable[[], Zoo],
        identities: Callable[[], Identities],
    ) -> None:
        super().__init__(own)
        self._zoo, self._identities = zoo, identities

    def __missing__(self, name: str) -> Architecture:
        key = self._identities().key(name)
        return self[key] if super().__contains__(key) else self._zoo().architectures[key]

    def __contains__(self, name: object) -> bool:
        if super().__contains__(name):
            return True
        key = self._identities().key(name) if isinstance(name, str) else ""
        return super().__contains__(key) or key in self._zoo().architectures

    def hint(self, name: str) -> str:
        """What may be meant by a name that no network has, see `Identities.hint`."""
        return self._identities().hint(name)


@dataclass(frozen=True)
class Surveyed:
    """A board with its rows."""

    board: Board
    measurements: Measurements


@dataclass(frozen=True)
class Catalog:
    """All that is known, read when it is asked for.

    Only the files that a question needs are read, so a broken file costs nothing but itself.

    Attributes:
        layers: the catalog folders; a later one adds to and replaces entries of an earlier one.
        own_images: images on which published accuracies are taken to hold where nobody has looked; `None`
            for none.
    """

    layers: tuple[Layer, ...]
    own_images: OwnImages | None = None

    @classmethod
    def open(cls, folder: str | os.PathLike[str] | None = None) -> Catalog:
        """The shipped catalog, overlaid by the user's own.

        Args:
            folder: the user's catalog folder, or where one is hosted (https://...); else that of
                `ADVISOR_CATALOG`, else the platform's.

        Raises:
            AdvisorError: the folder does not exist, cannot be fetched, or is of a later format than is
                read here.
        """
        opened = cls(layers_of(folder))
        for layer in opened.layers:
            LOG.info("catalog: %s, %s", layer.folder, layer.title)
        for layer in opened.layers[1:]:
            read_format(layer.folder)
        return opened

    @property
    def own_folder(self) -> Path | None:
        """The user's catalog folder, if there is one, as an absolute path."""
        return self.layers[-1].folder.resolve() if len(self.layers) > 1 else None

    @property
    def own_name(self) -> str | None:
        """The user's catalog as a question names it: its folder, or where it is hosted."""
        if len(self.layers) > 1 and is_hosted(self.layers[-1].title):
            return self.layers[-1].title
        return None if self.own_folder is None else os.fspath(self.own_folder)

    @cached_property
    def _sources(self) -> dict[str, Mapping[str, Source]]:
        return {}

    def sources_for(self, layer: Layer) -> Mapping[str, Source]:
        """The sources that a layer's files may name: its own, and those of the layers below."""
        if layer.title not in self._sources:
            below = self.layers.index(layer) - 1
            known = dict(self.sources_for(self.layers[below])) if below >= 0 else {}
            path = layer.file("sources.yaml")
            known.update(read_sources(path) if path else {})
            self._sources[layer.title] = known
        return self._sources[layer.title]

    def source(self, key: str) -> Source:
        """The source of that key, from the lowest layer that has it."""
        return next(
            known[key] for layer in self.layers if key in (known := self.sources_for(layer))
        )

    def _merged(
        self, file: str, read: Callable[[Path, Mapping[str, Source]], Mapping[Key, Entry]]
    ) -> dict[Key, Entry]:
        merged: dict[Key, Entry] = {}
        for layer in self.layers:
            path = layer.file(file)
            if path:
                merged.update(read(path, self.sources_for(layer)))
        return merged

    @cached_property
    def architectures(self) -> Mapping[str, Architecture]:
        """The architectures that the catalog describes, by name; one of the zoo is found by name, too."""
        return Architectures(self.described, lambda: self.zoo, lambda: self.identities)

    @cached_property
    def described(self) -> Mapping[str, Architecture]:
        """The architectures that the catalog describes, and no others."""
        return self._merged("architectures.yaml", read_architectures)

    @cached_property
    def identities(self) -> Identities:
        """Which network a name means."""
        return Identities(
            self.described,
            self.zoo.networks,
            lambda: self._aliases,
            self.is_board,
        )

    @cached_property
    def zoo(self) -> Zoo:
        """The networks of torchvision and timm, as far as they are known without asking these."""
        return read_zoo(self.layers, self.sources_for, self._aliased)

    @cached_property
    def _aliases(self) -> Mapping[tuple[str, str], Alias]:
        return self._merged(ALIASES_FILE, lambda path, _: read_aliases(path))

    def _aliased(self) -> set[str]:
        """The names that tables of aliases have of timm's, and those of what is described, without a size."""
        try:
            aliases = self._aliases
        except BrokenFileError:  # of the user's own, which costs nothing but itself
            shipped = self.layers[0].file(ALIASES_FILE)
            aliases = read_aliases(shipped) if shipped else {}
        names = (each for alias in aliases.values() for each in (alias.name, alias.network))
        aliased = {folded(each.bare) for each in names if each.origin == "timm"}
        return aliased | {folded(split_size(name)[0]) for name in self.described}

    def architectures_with(self, table: Measurements) -> dict[str, Architecture]:
        """The architectures that the catalog describes, and those of a board's rows."""
        rows = {name: self.architectures[name] for name in table.architecture.names}
        return {**self.architectures, **rows}

    @cached_property
    def accuracies(self) -> Sequence[Weights]:
        """What sets of weights reach, as the catalog's own tables have it, the zoo's left out."""
        found: dict[object, Weights] = {}
        for layer in self.layers:
            if path := layer.file(WEIGHTS):
                sets = read_weights(path, self.architectures, self.sources_for(layer))
                found.update({key_of(each): each for each in sets.values()})
            if layer.has(ACCURACY_FILE):
                path = layer.folder / ACCURACY_FILE
                rows = read_accuracies(
                    path,
                    self.architectures,
                    self.sources_for(layer),
                    lambda name: self.architectures[name].task,
                )
                found.update({key_of(each): each for each in rows})
        return renamed_weights(
            found.values(), self._called_otherwise(each.architecture for each in found.values())
        )

    @cached_property
    def weights(self) -> Mapping[tuple[str, str], Weights]:
        """Every set of weights by (architecture, name): its accuracy in floats, as its task usually goes."""
        return of_floats(self.accuracies)

    @property
    def published(self) -> Sequence[Weights]:
        """What is known of sets of weights, the zoo's included, under every name of their networks.

        As far as networks are read so far: who goes through all of the zoo has all.
        """
        return self._all_published if self.zoo.networks.is_whole else self._near_published

    @cached_property
    def _near_published(self) -> Sequence[Weights]:
        return self._published()

    @cached_property
    def _all_published(self) -> Sequence[Weights]:
        return self._published()

    def _published(self) -> Sequence[Weights]:
        known = {key_of(each): each for each in (*self.zoo.accuracies, *self.accuracies)}
        if self.own_images is not None:
            supposed = self.own_images.supposed(tuple(known.values()))
            known = {**{key_of(each): each for each in supposed}, **known}
        found = dict(known)
        other_names = cache(
            lambda own: [each for each in self.identities.names_of(own) if each != own]
        )
        for each in known.values():
            for name in other_names(each.architecture):
                same = replace(each, architecture=name)
                found.setdefault(key_of(same), same)
        return tuple(found.values())

    @cached_property
    def best_weights(self) -> Mapping[str, Weights]:
        """By network, its most accurate set of weights."""
        return best_of_each(of_floats(self.published))

    @property
    def sets_of(self) -> Mapping[str, Collection[str]]:
        """By network, the names of its sets of weights, as far as these are published."""
        whole = self.zoo.networks.is_whole
        if whole not in self._sets:
            found: dict[str, dict[str, None]] = {}
            for each in self.published:
                found.setdefault(each.architecture, {})[each.name] = None
            self._sets[whole] = found
        return self._sets[whole]

    @cached_property
    def _sets(self) -> dict[bool, Mapping[str, Collection[str]]]:
        return {}

    def _called_otherwise(self, names: Iterable[str]) -> Mapping[str, str]:
        """What the catalog calls those of some names, whole or qualified, that it calls otherwise."""
        beyond = [name for name in names if name not in self.described]
        keys = {name: self.identities.key(name) for name in beyond}
        return {name: key for name, key in keys.items() if key not in ("", name)}

    def of_one_task(self, table: Measurements) -> tuple[str, Measurements]:
        """The task of most networks, or classification where some are for it; and their rows."""
        tasks = [self.architectures[name].task for name in table.architecture.names]
        commonest = max(sorted(set(tasks)), key=tasks.count, default=CLASSIFICATION)
        task = task_of(None, tasks) or commonest
        if set(tasks) <= {task}:
            return task, table
        of_task = np.array([each == task for each in tasks], dtype=np.bool_)
        return task, table.take(of_task[table.architecture.index])

    def accuracies_of(
        self, known: Iterable[Weights], losses: Mapping[str, float] | None = None
    ) -> Accuracies:
        """Which of some accuracies rows have.

        Args:
            known: all that is known of some sets, in one quality.
            losses: what the user says that quantising costs, in points, by precision.
        """
        return Accuracies(
            by_set(known),
            lambda source: self.source(source).accuracy_spread,
            cache(self._ways),
            losses or {},
            by_set(self._measured_losses),
        )

    @cached_property
    def _measured_losses(self) -> Sequence[Weights]:
        """What is known below fp32 on the same images, under every name of the networks."""
        return [
            replace(each, architecture=name)
            for each in self.accuracies
            if each.loss_points is not None
            for name in {each.architecture, *self.identities.names_of(each.architecture)}
        ]

    def accuracies_in(
        self,
        board: Board,
        table: Measurements,
        variant: Variant,
        task: str,
        networks: Iterable[str],
    ) -> Mapping[str, Mapping[str, Weights]]:
        """What is known to be reached in a variant of a board, by network and the name of the weights."""
        asked = task, self.zoo.networks.is_whole
        if asked not in self._accuracies:
            known = (each for each in self.published if each.quality == usual(task))
            self._accuracies[asked] = self.accuracies_of(known)
        place = Place.on(board, table)(variant)
        found: dict[str, dict[str, Weights]] = {}
        for network in networks:
            of_sets = {
                name: self._accuracies[asked].at((network, name), place)
                for name in self.sets_of.get(network, ())
            }
            found[network] = {name: each for name, each in of_sets.items() if each}
        return found

    def trained_on(
        self, board: Board, reached: Mapping[str, Mapping[str, Weights]]
    ) -> Mapping[str, Weights]:
        """By network, the set of weights that counts on a board; none where nothing is known of any.

        The set that the board's source used; where it names none, or there is no such set, the best published
        one. Where it is not known what that reaches, the best of those of which it is.

        Args:
            board: the board.
            reached: what `accuracies_in` has found there.
        """
        found = {}
        for network, known in reached.items():
            name, published = board.weights, self.best_weights.get(network)
            if published and name not in self.sets_of[network]:
                name = published.name
            if known:
                best = max(known.values(), key=lambda each: each.accuracy_percent.value)
                found[network] = known.get(name, best)
        return found

    @cached_property
    def _accuracies(self) -> dict[tuple[str, bool], Accuracies]:
        """What is published, by task, and whether of all of the zoo."""
        return {}

    def _ways(self, board: str) -> frozenset[Way]:
        """In which ways the rows of a board ran; none of a board that is not known."""
        if board not in self.board_layers:
            return frozenset()
        return ways_of(self.measurements(self.board(board)))

    @cached_property
    def makers(self) -> Mapping[str, Sequence[str]]:
        """Who makes the devices of which that is known, by the device."""
        return self._merged(MAKERS_FILE, lambda path, _: read_makers(path))

    @cached_property
    def board_layers(self) -> Mapping[str, Layer]:
        """The layer that each board comes from, by the board's name."""
        boards = {folder.name: layer for layer in self.layers for folder in layer.board_folders()}
        return dict(sorted(boards.items()))

    def is_board(self, text: str) -> bool:
        """Whether somebody calls a board or a device so."""
        try:
            return not set(text) & set("*?[") and bool(self.boards_named(text))
        except AdvisorError:
            return False

    def boards_named(self, text: str) -> tuple[str, ...]:
        """The boards that somebody means, by name; see `boards_called`.

        Raises:
            AdvisorError: there is none.
        """
        found = self.boards_called(text)
        if not found:
            hint = f"{board_hint(text, self.board_layers)} (`advisor boards` lists them)"
            raise AdvisorError(f"unknown board {shown(text)}", hint)
        return found

    def boards_called(self, text: str) -> tuple[str, ...]:
        """The boards of a name, by name; none where there is no such name.

        Args:
            text: the name of a device, which is that of all its boards, whatever its case and whatever stands
                between its words, or another name that an alias gives it; the whole name of a board;
                or a pattern of either, such as "raspberry*".
        """
        found = self._boards_matching(text)
        if not found:
            device = self._merged(DEVICE_ALIASES_FILE, lambda path, _: read_device_aliases(path))
            found = self._boards_matching(device.get(folded(text), ""))
        return found

    def _boards_matching(self, text: str) -> tuple[str, ...]:
        wanted = re.compile(translate(folded(text)))
        return tuple(
            name
            for name in self.board_layers
            if name == text or wanted.match(folded(name)) or wanted.match(folded(device_of(name)))
        )

    def board(self, name: str, *, another_run: bool = False) -> Board:
        """The board of that name, or the only one of that device.

        Args:
            name: its name, see `boards_named`.
            another_run: see `measurements`.

        Raises:
            AdvisorError: there is none, there are several, or its file is broken.
        """
        if name not in self.board_layers:
            names = self.boards_named(name)
            if len(names) > 1:
                hint = f"name one of them: {', '.join(names)}"
                raise AdvisorError(f"{len(names)} boards are {shown(name)}", hint)
            (name,) = names
        return self._again_if_written(lambda: self._board(name, another_run=another_run))

    def _again_if_written(self, read: Callable[[], Read]) -> Read:
        """Read; if that fails, once more from the beginning.

        A board that was written meanwhile names what was not there when its sources were read.
        """
        try:
            return read()
        except AdvisorError:
            for name, each in vars(type(self)).items():
                if isinstance(each, cached_property):
                    vars(self).pop(name, None)
            return read()

    def _board(self, name: str, *, another_run: bool) -> Board:
        return self._boards([name], another_run=another_run)[0]

    def surveyed(self, name: str, *, another_run: bool = False) -> Surveyed:
        """A board with its rows, both as one writer left them; see `board` and `measurements`.

        Raises:
            AdvisorError: there is no such board, there are several, or a file is broken.
        """
        folder = self.board(name).folder

        def read() -> Surveyed:
            board = self.board(folder.name, another_run=another_run)
            return Surveyed(board, self.measurements(board, another_run=another_run))

        return of_one_state([folder], read)

    def _boards(self, names: Sequence[str], *, another_run: bool) -> list[Board]:
        """The boards of these names."""
        found: dict[str, Board] = {}
        for layer in self.layers:
            folders = [
                layer.folder / "boards" / name for name in names if self.board_layers[name] == layer
            ]
            sources = self.sources_for(layer) if folders else {}
            for board in boards_of(folders, layer.title, sources) if folders else ():
                found[board.name] = board_with_errors(board, sources, another_run=another_run)
        return [found[name] for name in names]

    def measurements(self, board: Board, *, another_run: bool = False) -> Measurements:
        """The rows of a board; what has no error has its source's reproducibility, where that is known.

        Args:
            board: the board.
            another_run: whether the intervals of what was published are to be those of another run.

        Raises:
            AdvisorError: its file is broken.
        """
        return self._again_if_written(lambda: self._measurements(board, another_run=another_run))

    def _measurements(self, board: Board, *, another_run: bool) -> Measurements:
        path = board.folder / "measurements.csv"
        sources = self.sources_for(self.board_layers[board.name])
        table, _ = measurements_of([path], self.architectures, sources)
        return self._joined(self._as_known(table, sources, another_run=another_run))

    def _as_known(
        self, table: Measurements, sources: Mapping[str, Source], *, another_run: bool
    ) -> Measurements:
        """Rows as they are read, with the errors that their sources say, by the catalog's names."""
        table = rows_with_errors(table, sources, another_run=another_run)
        others = self._called_otherwise(table.architecture.names)
        return table.renamed(others) if others else table

    def _joined(self, table: Measurements) -> Measurements:
        """The rows, those of one network under one name: the first of its names there.

        Those of which two would then be of one network, variant and batch size stay apart, and so do all
        where a table that names come from is broken: that costs nothing but itself.
        """
        if all(name in self.described for name in table.architecture.names):
            return table  # the catalog describes each network once, and the zoo needs not be read
        _, first = np.unique(table.architecture.index, return_index=True)
        in_order = [table.architecture.at(row) for row in np.sort(first).tolist()]
        try:
            others = self.identities.repeated(in_order)
        except BrokenFileError:
            others = {}
        if not others:
            return table
        joined = table.renamed(others)
        twice = {joined.architecture.at(row) for row in joined.repeats}
        return table.renamed({name: each for name, each in others.items() if each not in twice})

    def architecture(self, name: str) -> Architecture:
        """The architecture that the catalog calls so, else that which `Identities.find` says.

        Raises:
            AdvisorError: there is none, or it is not counted yet.
        """
        if name in self.described:
            return self.described[name]
        (meaning,) = self.identities.meanings([name])
        if meaning.name not in self.architectures:
            hint = f"count it: advisor zoo --count {meaning.name}"
            raise AdvisorError(f"what {meaning.name} costs is not known yet", hint)
        return self.architectures[meaning.name]

    def survey(self, *, another_run: bool = False) -> tuple[list[Surveyed], list[BrokenFileError]]:
        """Every board that can be read, by name, and what is wrong with the others, each once. Read once.

        Args:
            another_run: see `measurements`.
        """
        if another_run not in self._surveys:
            self._surveys[another_run] = self.survey_of(None, another_run=another_run)
        readable, broken = self._surveys[another_run]
        return list(readable), list(broken)

    @cached_property
    def _surveys(self) -> dict[bool, tuple[list[Surveyed], list[BrokenFileError]]]:
        return {}

    def boards_meant(self, texts: Iterable[str]) -> list[str]:
        """The boards that names or patterns mean, each once; see `boards_named`.

        In the order of their names, so that nothing falls by what was typed first.
        """
        return sorted({name for each in texts for name in self.boards_named(each)})

    def survey_of(
        self, texts: Iterable[str] | None, *, another_run: bool = False
    ) -> tuple[list[Surveyed], list[BrokenFileError]]:
        """The boards that names or patterns mean, and what is wrong with those left out; `None` means all.

        Raises:
            AdvisorError: none is named, one means none, or a file of a board that is meant is broken.
        """
        stack, broken = self.stacked(texts, another_run=another_run)
        rows = map(stack.measurements, range(len(stack)))
        return list(map(Surveyed, stack.boards, rows)), broken

    def stacked(
        self, texts: Iterable[str] | None, *, another_run: bool = False
    ) -> tuple[Stack, list[BrokenFileError]]:
        """The same as one table, which spares what each board takes by itself."""
        names = list(self.board_layers) if texts is None else self.boards_meant(texts)
        if not names:
            raise AdvisorError("no board is named", "name one: `advisor boards` lists them")
        folders = [self.board_layers[name].folder / "boards" / name for name in names]
        try:
            with stage(f"reading {len(names)} board{'s' * (len(names) > 1)}"):
                read = partial(self._stacked, names, another_run=another_run)
                return of_one_state(folders, read), []
        except AdvisorError:
            pass  # one by one, which says what is broken, and reads the others
        boards: list[Board] = []
        tables: list[Measurements] = []
        broken: dict[str, BrokenFileError] = {}
        for name in counted_off(names, "reading boards one by one"):
            try:
                each = self.surveyed(name, another_run=another_run)
                tables.append(each.measurements)
                boards.append(each.board)
            except BrokenFileError as error:
                if texts is not None:
                    raise
                broken.setdefault(error.message, error)
        if broken and not boards:
            raise next(iter(broken.values()))
        return Stack.of(boards, tables), list(broken.values())

    def _stacked(self, names: Sequence[str], *, another_run: bool) -> Stack:
        """Boards with their rows, read as one table.

        Raises:
            AdvisorError: one of them is broken.
        """
        by_layer: dict[str, list[str]] = {}
        for name in names:
            by_layer.setdefault(self.board_layers[name].title, []).append(name)
        known = [self.sources_for(each) for each in self.layers if each.title in by_layer]
        if all(known[-1][key] == each for below in known for key, each in below.items()):
            groups = [(names, known[-1])]
        else:  # what a source says depends on the layer
            groups = list(zip(by_layer.values(), known, strict=True))
        stacks = []
        for some, sources in groups:
            boards = self._boards(some, another_run=another_run)
            paths = [board.folder / "measurements.csv" for board in boards]
            table, counts = measurements_of(paths, self.architectures, sources)
            table = self._as_known(table, sources, another_run=another_run)
            stacks.append(Stack(tuple(boards), table, np.repeat(np.arange(len(boards)), counts)))
        return self._joined_in(stacks[0] if len(stacks) == 1 else Stack.merged(stacks))

    def _joined_in(self, stack: Stack) -> Stack:
        """The rows, on each board those of one network under one name; see `_joined`."""
        names = stack.table.architecture.names
        is_beyond = np.array([name not in self.described for name in names], dtype=np.bool_)
        boards, networks = stack.pairs
        beyond = distinct(boards[is_beyond[networks]])
        if not len(beyond):
            return stack
        try:
            number = np.array(self.identities.numbers(names), dtype=np.int64)
        except BrokenFileError:
            return stack
        of, _, which = numbered_pairs(boards, number[networks], len(names))
        twice = np.intersect1d(of[np.bincount(which) > 1], beyond)
        if not len(twice):
            return stack
        index = stack.table.architecture.index.copy()
        for board in twice.tolist():
            joined = self._joined(stack.measurements(board)).architecture
            places = [stack.table.architecture.position[name] for name in joined.names]
            index[stack.rows(board)] = np.array(places, dtype=np.int64)[joined.index]
        table = replace(stack.table, architecture=Labels(names, index).used())
        return replace(stack, table=table)
