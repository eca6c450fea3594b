"""The page of one employee: started, completed, activities, a new conversation (F38-F43)."""

from starlette.responses import Response

from server.pages import activities_view, employee_view, staff_view, start_view
from server.pages.asking import ASK
from server.pages.context import PersonVisit
from server.rules.limits import NAME_CHARACTERS_MAX


async def show(visit: PersonVisit) -> Response:
    """GET /people/{person} with ``q``, words to find among what is started."""
    view = visit.view()
    employee = await visit.features.employees.see(visit.actor, visit.request.path_params["person"])
    words = visit.request.query_params.get("q", "")[:NAME_CHARACTERS_MAX].strip()
    rows = [start_view.row(talk, visit.me, view) for talk in employee.talks]
    started = [row for row in rows if row.goes_on]
    planned = [employee_view.planned(each, view) for each in employee.planned]
    return visit.page(
        view,
        "employee/page.html",
        employee=employee,
        person=employee.person,
        title=employee.person.title.get(view.locale, ""),
        due=staff_view.due_cell(employee.due, view),
        started=[row for row in started if employee_view.is_found(row, words)],
        has_started=bool(started),
        words=words,
        completed=employee_view.completed(employee, rows, view),
        not_held=employee_view.not_held(employee, rows),
        planned=[each for each in planned if each.address],
        held=[each for each in planned if each.was_held],
        planned_in_vain=[each for each in planned if not each.address and not each.was_held],
        elsewhere=employee_view.elsewhere(employee, view),
        goals=[activities_view.goal(each, view) for each in employee.active or ()],
        ask=ASK if employee.may_ask else "",
    )
