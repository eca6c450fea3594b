"""Everything that a feature can refuse, as types with a sentence for the person who asked.

The sentence is a message id: ``web/locales`` has it in every language, and the page shows it in the
person's own. ``fields`` fill its placeholders. Raised where it is found, shown at the edge.
"""

from typing import TYPE_CHECKING, ClassVar

if TYPE_CHECKING:
    from server.rules.life import Missing


class CannotServe(Exception):
    """The server cannot run as it is set up. Its text is a sentence for the operator."""


class Refusal(Exception):
    """A request that is not carried out, and why. Nothing was changed and nothing was lost."""

    status: ClassVar[int] = 409
    sentence: ClassVar[str] = "This could not be done."

    def __init__(self, **fields: str | int) -> None:
        super().__init__(self.sentence % fields if fields else self.sentence)
        self.fields = fields


class NotFound(Refusal):
    """It does not exist, or this person may not know that it does: the two are never told apart."""

    status = 404
    sentence = "There is nothing here, or it is not yours to see."


class NotSignedIn(Refusal):
    """There is no session, or it has ended."""

    status = 401
    sentence = "You are not signed in. Sign in, and you come back to where you were."


class WrongOrigin(Refusal):
    """The request came from another site."""

    status = 403
    sentence = "This request came from another site and was not carried out."


class TooLarge(Refusal):
    """More bytes than a form may have (``limits.FORM_BYTES_MAX``)."""

    status = 413
    sentence = "This was too large to be received. Nothing was changed."


class SignInRefused(Refusal):
    """Wrong e-mail address, wrong password or an inactive person: never said which."""

    status = 401
    sentence = "The e-mail address and the password do not belong together. Try again."


class TooManyAttempts(Refusal):
    """The rate limit for signing in."""

    status = 429
    sentence = "Too many attempts. Wait %(minutes)s minutes and try again."


class NotReadyToShare(Refusal):
    """Elements that are required for sharing are empty. ``missing`` names them."""

    sentence = "Before you share, fill in what is marked with a star."

    def __init__(self, missing: tuple[str, ...]) -> None:
        super().__init__()
        self.missing = missing


class NotReady(Refusal):
    """The conversation cannot be signed or completed yet. ``missing`` has everything, in reading order."""

    sentence = "Before this can be signed or completed, something is missing."

    def __init__(self, missing: tuple["Missing", ...]) -> None:
        super().__init__()
        self.missing = missing


class RecordChanged(Refusal):
    """What is to be signed is not what the page showed: it was reopened and frozen again meanwhile."""

    sentence = "The text has changed since it was shown to you. Read it again before you sign."


class AlreadySigned(Refusal):
    """Each signer signs once."""

    sentence = "You have already signed this."


class CommentNotTaken(Refusal):
    """The template takes no comment with a signature."""

    sentence = "No comment can be left with the signature in this conversation."


class WrongPassword(Refusal):
    """Somebody who is signed in confirmed something with a password that is not hers."""

    status = 403
    sentence = "This is not your password. Nothing was signed. Try again."


class WrongOldPassword(WrongPassword):
    """The same, where the password was to be changed."""

    sentence = "This is not the password that you have now. Nothing was changed. Try again."


class PasswordsDiffer(Refusal):
    """The new password was not typed the same twice."""

    sentence = "The two new passwords are not the same. Type both again."


class PasswordLength(Refusal):
    """A new password has too few or too many characters (``limits.PASSWORD_CHARACTERS_MIN`` and ``_MAX``)."""

    sentence = "A password has between %(least)s and %(most)s characters."


class PasswordGuessable(Refusal):
    """A new password is one of those that are tried first (``rules/passwords.py``)."""

    sentence = (
        "This password would soon be guessed: it is made of known words, names, dates or keys in a row. "
        "Take some words that have nothing to do with each other."
    )


class ReasonMissing(Refusal):
    """A turn that needs a reason was asked for without one."""

    sentence = "Write why: the reason is shown to those who are told of this."


class MustBeHeld(Refusal):
    """The template or the organisation says that this conversation is not declined (F100)."""

    sentence = (
        "This conversation is one that everybody is to have, so it cannot be declined. Ask %(name)s for "
        "another time, or for somebody beside you."
    )


class TimeMissing(Refusal):
    """A meeting was to be moved to what is no day and time."""

    sentence = "Write the day and the time at which you meet."


class TimeSkipped(Refusal):
    """The clocks are put forward past this time on that day."""

    sentence = "There is no %(time)s on that day: the clocks are put forward past it. Choose another time."


class TooFarAway(Refusal):
    """A meeting was to be moved by years (``limits.MEETING_DAYS_MAX``)."""

    sentence = "That is more than %(days)s days from today. Look at the year again."


class TimeMissingForCalendar(Refusal):
    """A calendar invitation was chosen for a conversation without a time."""

    sentence = "A calendar invitation needs a day and a time. Write them, or leave the invitation out."


class PlaceWithoutTime(Refusal):
    """A place was given for a conversation without a time."""

    sentence = "Write the day and the time too: a place alone is not kept."


class TemplateNotChosen(Refusal):
    """A conversation was to be made without saying by which form."""

    sentence = "Choose a form."


class TemplateNotThere(Refusal):
    """The form cannot be used for this employee, or has a newer version."""

    sentence = "This form can no longer be chosen: there may be a newer version of it. Choose again."


class NobodyResponsible(Refusal):
    """The responsible is not active, is nobody, or is the employee."""

    sentence = "Choose somebody who can be responsible: an active colleague, and not %(name)s."


class NameNotChosen(Refusal):
    """A name was typed, and nobody was chosen for it."""

    sentence = "Choose somebody for the name that you typed, or take the name away."


class AskedAlready(Refusal):
    """An employee has asked for a conversation, and nobody has answered yet."""

    sentence = "You have asked already. Take that back first, if you want to ask for something else."


class AskedOften(Refusal):
    """The limit of one day (``limits.WISHES_A_DAY_MAX``)."""

    status = 429
    sentence = "You have asked %(most)s times in 24 hours. Wait a day, or talk to each other."


class AlreadyAnswered(Refusal):
    """What an employee asked for has been answered or taken back meanwhile."""

    sentence = "This has been answered already, or taken back. Look again."


class TextTooLong(Refusal):
    """A reason, an alternative or a comment has more characters than are kept."""

    sentence = "This is too long. At most %(characters)s characters can be kept; nothing was changed."


class TooMuchForRecord(Refusal):
    """All answers together have more characters than a record can have."""

    sentence = "Together the answers are too long for one record: at most %(characters)s characters fit."


class TooMuchForPaper(Refusal):
    """More than can be put on paper (``limits.PAPER_CHARACTERS_MAX``)."""

    sentence = "This is too long to be put on paper. It can be read on its page."


class OtherDeviceHasWritten(Refusal):
    """The server has more of the pane than the page that asks to share it."""

    sentence = "Your other device has written in this pane. Look through it again before you share."


class ShareAlreadyOpened(Refusal):
    """A share can be withdrawn until the other party has opened it."""

    sentence = "%(name)s has already seen your answers, so the share cannot be withdrawn."


class NobodyToInvite(Refusal):
    """No active person of the organisation has this id."""

    sentence = "There is nobody of that name or address here who could be invited."


class TakesPartAlready(Refusal):
    """Whoever is to be invited is one of the two whose conversation it is."""

    sentence = "%(name)s takes part in this conversation already."


class InvitedAlready(Refusal):
    """Whoever is to be invited has been, and that has not been ended."""

    sentence = "%(name)s has been invited already."


class TooManyGuests(Refusal):
    """The limit of one conversation (``limits.GUESTS_MAX``)."""

    sentence = "A conversation has %(most)s guests at most. End the part of one of them first."


class TitleMissing(Refusal):
    """An activity was to be added without a word of what is to be done."""

    sentence = "Write what is to be done, in a few words."


class NothingSaid(Refusal):
    """A comment without a word in it."""

    sentence = "Write something before you send it."


class TooManyBundles(Refusal):
    """The limit of one day (``limits.OWN_BUNDLES_A_DAY_MAX``)."""

    status = 429
    sentence = "You have had this made %(most)s times in 24 hours. Download the newest one, or wait a day."


class HeldBack(Refusal):
    """What was to be erased is held back, because a dispute is going on."""

    sentence = "This is held back and cannot be erased. Lift that first."


class ByAnother(Refusal):
    """Somebody who keeps the records was to erase or hold back what is her own, or lift that."""

    sentence = (
        "You are one of those whom this is about, so it is not for you to decide. Ask somebody else who "
        "keeps the records, or whoever runs Samsyn."
    )


class HeldAlready(Refusal):
    """What was to be held back is."""

    sentence = "This is held back already."


class WorksHere(Refusal):
    """All of a person's data was to be erased, and the person has not left."""

    sentence = "%(name)s works here. What is needed for that cannot be erased before %(name)s has left."


class NotConfirmed(Refusal):
    """What cannot be undone was asked for without saying that one knows it."""

    sentence = "Tick that you know that this cannot be undone."


class NotOneself(Refusal):
    """Somebody was to stand in for themselves."""

    sentence = "Nobody stands in for themselves. Name somebody else."


class NotByOneself(Refusal):
    """Somebody of HR was to stand in for a manager by her own hand."""

    sentence = "You cannot name yourself to stand in for somebody else. Name another person."


class DaysReversed(Refusal):
    """The last of some days comes before the first."""

    sentence = "The last day comes before the first."


class DayPassed(Refusal):
    """Days that are over were chosen for what is to come."""

    sentence = "The last day has passed already."


class TooLongAway(Refusal):
    """More days than somebody may stand in for a manager (``limits.STAND_IN_DAYS_MAX``)."""

    sentence = "This is more than %(days)s days. For a longer time the staff is given another manager."


class AlreadyStandsIn(Refusal):
    """The same person stands in for the same manager on some of the days."""

    sentence = "%(name)s stands in on some of these days already."


class SignedByName(Refusal):
    """A conversation that is being signed was to be given to another responsible."""

    sentence = (
        "This conversation is being signed, and signatures are by name. One of those who sign must open it "
        "again first: then it can be handed over."
    )


class ResponsibleAlready(Refusal):
    """A conversation was to be given to whoever has it."""

    sentence = "%(name)s is responsible for this conversation already."


class NotYourself(Refusal):
    """Somebody of HR, or who stands in, was to become responsible by her own hand."""

    sentence = "You cannot make yourself responsible for somebody else’s conversation. Choose another person."


class AnswerMissing(Refusal):
    """After a handover: something is not answered, or there is more to answer than the page had."""

    sentence = "Answer each question: what goes over, and what stays. Nothing was changed yet."


class HandoverUnanswered(Refusal):
    """Nothing is signed before the employee has said what goes over to the new responsible."""

    sentence = "Before this can be signed or completed, %(name)s must say what goes over."


class ChangedMeanwhile(Refusal):
    """Somebody else has changed the same settings since the page was shown."""

    sentence = (
        "Somebody else has changed this since you opened it. What you typed is still here: look through it, "
        "and save once more."
    )


class NoLongerPossible(Refusal):
    """The conversation or the pane has moved on since the page was shown."""

    sentence = "This has changed since the page was shown. Look again."


class StorageUnavailable(Exception):
    """The database could not be read or written. Nothing of the request was kept."""
