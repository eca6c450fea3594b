"""What a person's own bundle calls things, says where they come from, why they are kept and how long."""

from collections.abc import Mapping
from dataclasses import dataclass

from server.pages.catalogues import Catalogue
from server.policy import Retention

CONVERSATION = "conversation"


@dataclass(frozen=True, slots=True)
class About:
    """One kind of thing, as the reading guide tells of it."""

    title: str
    origin: str
    why: str
    kept: str


def about(catalogue: Catalogue, kept: Retention) -> dict[str, About]:
    """Name of a source, or CONVERSATION -> what is said of it."""
    say = catalogue.say
    after_leaving = days(catalogue, kept.draft_after_leaving_days)
    activities = years(catalogue, kept.activities_years)
    followed = say("To follow up what you have agreed on.")
    kept_activities = say(
        "For %(time)s after they were completed or cancelled; all of them for %(leaving)s after you have "
        "left.",
        time=activities,
        leaving=after_leaving,
    )
    return {
        CONVERSATION: About(
            say("Conversations"),
            say("Written by you and the person you talk with, together or each in a part of your own."),
            say("To prepare a conversation, to hold it, and to be able to refer back to what was said."),
            say(
                "Signed ones for %(signed)s after they were closed, others that were completed for "
                "%(completed)s, declined and cancelled ones for %(called_off)s. What was never completed, "
                "for %(leaving)s after the employee has left.",
                signed=years(catalogue, kept.signed_years),
                completed=years(catalogue, kept.completed_years),
                called_off=years(catalogue, kept.called_off_years),
                leaving=after_leaving,
            ),
        ),
        "person": About(
            say("What is known about you"),
            say("From the organisation's list of those who work here. The language is your own choice."),
            say("So that you can sign in, and so that the right people can talk with each other."),
            say(
                "As long as you work here and for %(leaving)s afterwards; your name as long as a "
                "conversation that is kept names you.",
                leaving=after_leaving,
            ),
        ),
        "activities": About(
            say("Activities"),
            say("Agreed on in conversations, added between them, or brought in from an older system."),
            followed,
            kept_activities,
        ),
        "activity-comments": About(
            say("What was said about the activities"),
            say("Written by you and by those who may see the activities."),
            followed,
            kept_activities,
        ),
        "comments-on-others-activities": About(
            say("What you have said about others' activities"),
            say("Written by you."),
            followed,
            say(
                "As long as the activities: for %(time)s after they were completed or cancelled.",
                time=activities,
            ),
        ),
        "private-notes": About(
            say("Your private notes"),
            say("Written by you. Nobody else can read them, or knows that there are any."),
            say("For your own preparation and memory."),
            say(
                "Until you throw them away; at the latest for %(leaving)s after you, or whom they are about, "
                "have left.",
                leaving=after_leaving,
            ),
        ),
        "preparations": About(
            say("How you prepared conversations"),
            say("What you ticked off, and that you have read the questions."),
            say("For your own preparation and memory."),
            say("As long as the conversation."),
        ),
        "requests": About(
            say("Conversations that were asked for"),
            say("Written by whoever asked, and by whoever answered."),
            say("So that nobody who asks for a conversation is forgotten."),
            say("For %(time)s after the answer.", time=years(catalogue, kept.called_off_years)),
        ),
        "as-guest": About(
            say("Conversations of others in which you took part"),
            say("From the invitations. What is written there is about somebody else, and is not in here."),
            say("So that it is known who could read what."),
            say("As long as the conversation."),
        ),
        "letters": About(
            say("Letters to you"),
            say("Written by the server when something happened that you should know of."),
            say("So that a letter that does not arrive can be found."),
            say("For %(time)s.", time=days(catalogue, kept.letters_days)),
        ),
        "reminders-turned-off": About(
            say("Reminders that you do without"),
            say("Your own choice."),
            say("So that you do not get them."),
            say("Until you choose otherwise."),
        ),
        "stand-ins": About(
            say("Who stood in for whom"),
            say("Said by the manager who was away, or by HR."),
            say("So that somebody plans the conversations while a manager is away."),
            say("For %(time)s after the last day.", time=days(catalogue, kept.letters_days)),
        ),
        "sessions": About(
            say("Where and when you were signed in"),
            say("Noted when you sign in. Of your device only its browser and system."),
            say("So that you can see, and end, what is not you."),
            say("For %(time)s after they ended.", time=days(catalogue, kept.sessions_days)),
        ),
        "events": About(
            say("Events"),
            say("Noted when they happened: what you did, and what was done to your account and your data."),
            say("So that it can be shown later that nobody has changed anything unseen."),
            say("They stay. They hold ids and never a word that anybody wrote."),
        ),
        "erasures": About(
            say("What was erased"),
            say("Noted when something about you was erased."),
            say("So that it can be shown that it was."),
            say("They stay. They hold ids and never a word that anybody wrote."),
        ),
    }


def years(catalogue: Catalogue, number: int) -> str:
    """``2 years``."""
    return catalogue.say_number("%(num)s year", "%(num)s years", number)


def days(catalogue: Catalogue, number: int) -> str:
    """``90 days``."""
    return catalogue.say_number("%(num)s day", "%(num)s days", number)


def headings(catalogue: Catalogue) -> dict[str, str]:
    """Name of a field of a source -> what stands above or beside it."""
    say = catalogue.say
    return {
        "about": say("About"),
        "accepted_at": say("You accepted"),
        "activity": say("Number of the activity"),
        "answer": say("Answer"),
        "answered_at": say("Answered"),
        "answered_by": say("Who answered"),
        "asked_at": say("Asked"),
        "at": say("When"),
        "began_at": say("Signed in"),
        "began_on": say("Employed from"),
        "begins_on": say("From"),
        "by": say("Who"),
        "by_me": say("Done by you"),
        "cancel_reason": say("Why it was cancelled"),
        "conversation": say("Number of the conversation"),
        "created_at": say("Made"),
        "device": say("Device"),
        "done": say("Ticked off"),
        "due_on": say("To be done by"),
        "email": say("E-mail address"),
        "employee": say("Whose"),
        "employment": say("Form of employment"),
        "ended_at": say("Ended"),
        "ended_on": say("Ended"),
        "ends_on": say("To"),
        "event": say("Event"),
        "follow_up_on": say("Followed up"),
        "goal_type": say("Kind of goal"),
        "has_password": say("Has a password"),
        "id": say("Number"),
        "invited_at": say("Invited"),
        "invited_by": say("Invited by"),
        "kind": say("What"),
        "language": say("Language"),
        "left_on": say("Left"),
        "made_at": say("Written"),
        "manager": say("Manager"),
        "meeting_at": say("Time of the meeting"),
        "name": say("Name"),
        "older_system": say("From the older system"),
        "owner": say("Who does it"),
        "place": say("Place"),
        "read_at": say("Questions read"),
        "reason": say("Reason"),
        "reply": say("What was answered"),
        "roles": say("Roles"),
        "rule": say("Why"),
        "says": say("What it says"),
        "seen_at": say("Last used"),
        "sent_at": say("Sent"),
        "sequence": say("Number"),
        "stand_in": say("Stand-in"),
        "state": say("State"),
        "subject": say("Its number"),
        "text": say("Text"),
        "times": say("When it would suit"),
        "title": say("Title"),
        "unit": say("Unit"),
        "wish": say("What about"),
        "wrote": say("Could write in the joint part"),
    }


def kinds(catalogue: Catalogue) -> dict[str, str]:
    """What can be kept for a time of its own (``server.rules.keeping.Kind``) -> what it is called."""
    say = catalogue.say
    return {
        "draft": say("Conversation that was never completed"),
        "completed": say("Completed conversation"),
        "signed": say("Signed conversation"),
        "called_off": say("Declined or cancelled conversation"),
        "activity": say("Activity"),
        "note": say("Private note"),
        "request": say("That a conversation was asked for"),
        "letter": say("Letters"),
        "session": say("Where and when people were signed in"),
        "delegation": say("Who stood in for whom"),
        "person": say("What is known of somebody who has left"),
    }


def roles(catalogue: Catalogue) -> Mapping[str, str]:
    """Role -> what it is called."""
    say = catalogue.say
    return {
        "employee": say("Employee"),
        "manager": say("Manager"),
        "hr": say("HR"),
        "form_administrator": say("Form administrator"),
        "system_administrator": say("System administrator"),
        "union_representative": say("Union representative"),
    }


def values(catalogue: Catalogue) -> dict[tuple[str, str], Mapping[str, str]]:
    """(source, field) -> value -> what it is called. A value that is not here is shown as it is."""
    say = catalogue.say
    said = {
        "said": say("Comment"),
        "completed": say("Completed"),
        "cancelled": say("Cancelled"),
        "taken_up": say("Taken up again"),
    }
    letters = {
        "invited": say("Invitation"),
        "moved": say("Another time or place"),
        "called_off": say("Called off"),
        "declined": say("Declined"),
        "reassigned": say("Somebody else is responsible"),
        "guest_asked": say("Invitation as a guest"),
        "not_asked": say("Invitation taken back"),
        "left": say("You no longer take part"),
        "prepare": say("Reminder to prepare"),
        "share": say("Reminder to share"),
        "meet": say("Reminder of the meeting"),
        "sign": say("Reminder to sign"),
        "follow_up": say("Reminder to follow up"),
        "asked_for": say("Somebody asks for a conversation"),
        "answered": say("Answer to what you asked for"),
        "stand_in": say("You stand in for somebody"),
        "erased": say("A conversation was erased"),
    }
    return {
        ("person", "roles"): roles(catalogue),
        ("activities", "goal_type"): {
            "work_goal": say("Work goal"),
            "development_goal": say("Development goal"),
        },
        ("activities", "state"): {
            "active": say("Going on"),
            "completed": say("Completed"),
            "cancelled": say("Cancelled"),
            "archived": say("From an older system"),
        },
        ("activity-comments", "kind"): said,
        ("comments-on-others-activities", "kind"): said,
        ("requests", "answer"): {
            "made": say("A conversation was made"),
            "declined": say("Declined"),
            "taken_back": say("Taken back"),
        },
        ("letters", "kind"): letters,
        ("reminders-turned-off", "kind"): letters,
        ("erasures", "kind"): kinds(catalogue),
        ("erasures", "rule"): {
            "time": say("Its time was over"),
            "request": say("Somebody whom it is about asked for it"),
        },
    }
