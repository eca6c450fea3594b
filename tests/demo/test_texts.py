"""How the sample texts are written."""

from server.demo.texts import blocks


def test_lines_are_paragraphs_and_marks_are_marks() -> None:
    assert blocks("Ett **viktigt** ord.\nEtt *annat*.") == [
        {
            "type": "paragraph",
            "runs": [{"text": "Ett "}, {"text": "viktigt", "bold": True}, {"text": " ord."}],
        },
        {"type": "paragraph", "runs": [{"text": "Ett "}, {"text": "annat", "italic": True}, {"text": "."}]},
    ]


def test_items_that_follow_each_other_are_one_list() -> None:
    def item(text: str) -> list[object]:
        return [{"type": "paragraph", "runs": [{"text": text}]}]

    assert blocks("- ett\n- två\n1. tre\n2. fyra") == [
        {"type": "bulletList", "items": [item("ett"), item("två")]},
        {"type": "orderedList", "items": [item("tre"), item("fyra")]},
    ]
