"""Several tree files as one tree."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from deeppersona_graph.errors import TreeFileError
from deeppersona_graph.model.tree import Tree
from deeppersona_graph.taxonomy.formats import read_trees

Together = Callable[..., Tree]


@pytest.fixture
def together(tmp_path: Path) -> Together:
    """Reads records, or nested names, each given as a file, as one tree."""

    def run(*files: Any) -> Tree:
        paths = []
        for number, content in enumerate(files):
            path = tmp_path / f"{number}.json"
            lines = content if isinstance(content, list) else [content]
            path.write_text("\n".join(json.dumps(line) for line in lines), encoding="utf-8")
            paths.append(path)
        return read_trees(paths, "test")

    return run


PET = {"path": ["Home", "Pet"], "value_type": "categorical", "values": ["dog", "cat"]}
WALKS = {
    "path": ["Home", "Walks"],
    "value_type": "categorical",
    "values": ["few", "many"],
    "applies": {"requires": [{"path": ["Home", "Pet"], "values": ["dog"]}]},
}


def test_what_stands_in_two_files_stands_once(together: Together) -> None:
    tree = together([PET], {"Home": {"Pet": {}, "Garden": {}}})
    assert [value.text for value in tree.by_path["Home", "Pet"].values] == ["dog", "cat"]
    assert ("Home", "Garden") in tree.by_path
    assert len([a for a in tree.attributes if a.path[0] == "Home"]) == 3


def test_a_bare_name_takes_the_value_space_of_a_later_file(together: Together) -> None:
    tree = together({"Home": {"Pet": {}}}, [{**PET, "id": "pet"}, WALKS])
    pet, walks = tree.by_path["Home", "Pet"], tree.by_path["Home", "Walks"]
    assert [value.text for value in pet.values] == ["dog", "cat"]
    assert [(one.attribute, one.values) for one in walks.requires] == [
        (pet.id, frozenset((pet.values[0].id,)))
    ]


def test_constraints_follow_to_the_attribute_that_is_kept(together: Together) -> None:
    tree = together([{**PET, "id": "mine"}], [PET, WALKS])
    pet, walks = tree.by_path["Home", "Pet"], tree.by_path["Home", "Walks"]
    assert pet.id == "mine"
    assert [one.attribute for one in walks.requires] == ["mine"]
    assert walks.requires[0].values == {pet.values[0].id}


def test_a_constraint_on_a_value_that_is_not_taken_is_refused(together: Together) -> None:
    other = {**PET, "values": ["parrot", "fish"]}
    with pytest.raises(TreeFileError, match=r"1\.json: .*'dog'.* other values"):
        together([other], [PET, WALKS])
