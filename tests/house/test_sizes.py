from __future__ import annotations

from house.code import ROOT, functions, lines_of_code, modules

MOST_IN_A_MODULE = 400
MOST_IN_A_FUNCTION = 60


def test_no_module_is_longer_than_a_reader_can_hold() -> None:
    texts = {str(file.relative_to(ROOT)): file.read_text("utf-8") for file in modules()}
    assert len(texts) > 100
    large = {name: text for name, text in texts.items() if text.count("\n") > MOST_IN_A_MODULE}
    assert [name for name, text in large.items() if len(lines_of_code(text)) > MOST_IN_A_MODULE] == []


def test_no_function_is_longer_than_a_screen() -> None:
    long = [
        f"{file.relative_to(ROOT)}: {name} has {size} lines"
        for file in modules()
        for name, size in functions(file.read_text("utf-8"), over=MOST_IN_A_FUNCTION)
        if size > MOST_IN_A_FUNCTION
    ]
    assert long == []


def test_lines_are_counted_without_comments_and_docstrings() -> None:
    source = '"""Say\nmuch."""\n\n# why\nX = 1\n"""What X is."""\n\n\ndef f():\n    """Do."""\n    # why\n    return (\n        X\n    )\n'
    assert sorted(lines_of_code(source)) == [5, 9, 12, 13, 14]
    assert list(functions(source)) == [("f", 4)]
