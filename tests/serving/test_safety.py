"""The hard-coded safety rules: what they must catch, and what they must leave alone."""

import signal
from collections.abc import Callable, Iterator

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tierline.serving import safety

LOSSES = [
    "All my photos are gone since the update.",
    "our customer database was wiped during the migration",
    "I lost three years of notes, please help",
    "someone deleted the shared folder by mistake",
    "My playlists have disappeared",
    "the folder with our contracts is empty now",
    "Everything I saved has vanished!",
    "the report was overwritten with an old version",
    "the backup is corrupt and there is no other copy",
    "My chat history is not there any more",
    "please restore my deleted files",
    "progress reset to level 1 after the patch",
    "oh no all our data is gone",
    "without warning all our data was deleted",
    "please, all our data was deleted",
    "I need help all my data was deleted",
    "How is it possible that our data was deleted",
    "to be clear: our data was deleted",
    "when I opened the app all my notes were deleted",
    "until yesterday all was fine, now all files are deleted",
    "I may have lost all my data",
    "I can't believe you deleted all our data",
    "All our data was deleted, no joke",
    "If possible please restore my files, they were deleted by accident",
    "> our data was\n> deleted",
    "our data was dele-\nted",
    "Todos los datos han sido eliminados",
    "The recipes I had saved in the app have been erased.",
    "The lesson plans I made over the summer were removed from my account.",
    "Our files could not be recovered.",
    "half the rows in my table got eaten by the import",
    "Contracts folder: 0 files. It was 512 on Friday.",
    "all my d4ta is g0ne",
    "The comments of our reviewers were removed when the document was converted.",
    "The error says 'disk failure' and all my files are gone.",
    "Last year's photos are gone.",
    "I had 312 addresses in my address book. I have 4 now.",
    "You purged our whole instance.",
    "An admin dropped the production database.",
    "Our project board has no cards. None. It had a few hundred on Thursday.",
    "Our junior ran DELETE FROM orders without the WHERE clause on production.",
    "The migration replaced every description with 'null'.",
    "None of my pictures are on it.",
    "Backups are there, but the database was dropped and the backup is gone.",
    "my diary is emtpy",
    "Since your driver update all my files are gone.",
    "Gegen 14 Uhr wurden alle Daten gelöscht.",
    "S'il vous plaît, j'ai perdu tous mes fichiers.",
    "Se borran mis archivos solos.",
    "All my posts because of the update are gone.",
    "Firmware update corrupted our disk, all files are unreadable.",
    "Two months ago you deleted our archive and we need it back.",
    "30% of users lost all their files after your update.",
    "My files were restored empty.",
    "Documents lost: 0 left of 300.",
    "Two years ago I saved my photos here and they are gone.",
    "You must restore the data that was deleted.",
    "Meine Daten sind weg, die Verbindung war unterbrochen.",
    "Wir haben alle Daten verloren",
    "Os nossos dados foram eliminados",
    "Todas mis fotos han desaparecido",
    "alle meine Dateien sind gelöscht",
    "j'ai perdu tous mes fichiers",
    "perdi todos os meus arquivos",
    "Se perdieron todos los archivos",
    "Alle meine Fotos sind weg, wie kann ich sie wiederherstellen?",
    "As fotos sumiram e não voltaram.",
    "Ein Ex-Mitarbeiter hat absichtlich alle Kundendaten gelöscht.",
]
BREACHES = [
    "My account was hacked",
    "I think someone else is in my account",
    "somebody changed my password last night",
    "there are orders on my account that I didn't make",
    "I can see other customers' invoices in my portal",
    "we have ransomware on the file server",
    "I clicked the link in a phishing mail and typed my password",
    "my work laptop was stolen from the train",
    "lost my access card, please block it",
    "our API key was leaked on GitHub",
    "a former employee still has access to the system",
    "money is being transferred from my account right now",
    "the salary list was sent to the wrong person",
    "there is an unknown device in my account",
    "We may have been breached",
    "we would like to report a data breach",
    "we might have had a breach",
    "our servers are under attack",
    "we are being attacked by hackers",
    "my account was h.a.c.k.e.d",
    "Despite your ransomware protection all files are encrypted.",
    "fyi someone hacked my account",
    "My account was hacked. I did not give anyone my password.",
    "Our account was hacked and I was blocked.",
    "I gave the scammer my PIN and then hung up.",
    "On a volé mon mot de passe.",
    "Mein Konto wurde gehackt, ich habe Anzeige gegen Unbekannt erstattet.",
    "I sent 300 payslips to the wrong person.",
    "My account could be compromised.",
    "Six months ago my laptop was stolen with all patient data and I only report it today.",
    "A misdirected fax with patient data went to a stranger.",
    "I got a data breach warning for my account and it is true.",
    "The patient's vaccination records were sent to the wrong person.",
    "I clicked the phishing link, fyi.",
    "Harmless looking mail, I opened the attachment and now we have malware.",
    "Our antivirus blocked it, but the files are encrypted.",
    "I can see the invoices of a completely different person.",
    "Our customer list can be downloaded without logging in.",
    "There is a process on all nodes that none of us installed.",
    "Two pupils have got into a teacher's account.",
    "If I change the number in the link, I get other companies' invoices.",
    "Yesterday I sent the salary list to a supplier by mistake.",
    "Did you have a breach? The spam has my real password in it.",
    "I did not click anything, yet my account was hacked.",
    "Last year my account was hacked and someone is in it again.",
    "My bag with the laptop was stolen last year and now somebody uses my account.",
    "A salesman we dismissed in March still had a login and downloaded our customer base.",
    "I forgot my work laptop on the 18:05 to Utrecht.",
    "Our home page shows a black page with a skull and 'owned by cr3w'.",
    "There are payments on it that are not mine.",
    "There is a payment to a person in Riga I've never heard of.",
    "Someone has broken into my mailbox.",
    "A nurse opened the file of a well-known patient 14 times without treating him.",
    "There are 96 instances in a region that we never started.",
    "Il y a des achats que je n'ai pas faits.",
    "Há compras que eu não fiz.",
    "Entraram na minha conta.",
    "Ha habido una brecha de seguridad",
    "Ein Trojaner hat unsere Dateien verschlüsselt",
    "Wir hatten einen Cyberangriff",
    "violation de données",
    "Hackearam minha conta",
    "han hackeado mi cuenta",
    "mein Konto wurde gehackt",
    "mon compte a été piraté",
    "meu cartão foi clonado",
    "Alguien robó mi cuenta",
    "Han accedido a mi cuenta sin permiso",
    "Se filtraron los datos de nuestros clientes",
    "Mon compte a été hacké",
    "Nos données clients ont fuité",
    "Meus dados foram vazados",
    "Unser Server wurde verschlüsselt, Lösegeld wird gefordert",
    "Mein Konto wurde gehackt. Ich habe nichts angeklickt.",
    "Nous avons subi un vol de données hier soir.",
    "Encontrei três compras que não fiz no meu cartão.",
]
#: Words after which a pattern with a gap looks on.
SECOND = "data files photos account invoices password address gone stolen hacked changed sent"
OPENINGS = [
    *("lost ", "my data ", "someone ", "i typed my ", "other customers ", "our api key "),
    "the rows dropped now ",
]
HARMLESS = [
    "No data was lost during the move.",
    "Please make sure that all our data was deleted.",
    "We could be hacked if nobody patches this.",
    "Our data was deleted as we asked.",
    "Even though the file was deleted, it still takes space.",
    "How would I know if we had a data breach?",
    "This lesson was a hack, thanks.",
    "Your competitor had a data breach.",
    "The file I deleted by mistake is back, thanks.",
    "Did you get hacked?",
    "Wie verhindern Sie ein Datenleck?",
    "What happens if we get hacked?",
    "Do you have backups in case files get deleted?",
    "We have not been hacked, it was a test.",
    "I thought my files were gone, but they were just hidden.",
    "Please delete my account and all my data.",
    "I deleted the old reports, how do I empty the bin?",
    "Phishing awareness training is on Monday.",
    "I read about the ransomware attack in the news.",
    "You have lost my patience and my business.",
    "My parcel is lost in the post.",
    "Great life hack, thanks!",
    "The logo is cut off in the PDF.",
    "My photos were gone yesterday but everything is restored now, thanks.",
    "Is there a warning before someone deletes a project?",
    "The button has disappeared from the toolbar.",
    "This e-mail is confidential; unauthorised use is prohibited.",
    "Which of your plans includes ransomware protection?",
    "Is there a setting that stops interns from deleting whole boards by accident?",
    "Last year my card was stolen, you replaced it in a day.",
    "In the docs, what does 'exposed attribute' mean?",
    "The help says 'corrupted cache entries are discarded silently'.",
    "SQL injection attempts blocked: 212. Successful: 0.",
    "The approve button is gone after the update.",
    "Files missing: 0. Files corrupted: 0.",
    "There are no payments on it that are not mine.",
    "He pretended to be from my bank, so I hung up.",
    "The video call keeps saying 'connection lost'.",
    "O botão de imprimir sumiu na nova versão.",
    "The agent has a memory leak in the session cache.",
    "60% of hacked firms lose everything.",
    "Our cyber insurer asks whether a stolen admin password would suffice.",
    "Job application: I'd like to apply, I handled a data leak before.",
    "This is a test of the form: all servers encrypted.",
    "It deleted nothing, hacked nothing.",
    "Your article 'Hacked! What to do' was useful.",
    "In the FAQ under 'My files are gone' the link is dead.",
    "We bought the ransomware shield last week.",
    "If I change the language, I see the old menu.",
    "Ich habe die PIN eingegeben, aber die Karte wird nicht gelesen.",
    "La commande que je n'ai pas reçue.",
    "I tried with my correct password three times.",
    "When the update prompt came, I clicked accept.",
    "I copied our data to the new server.",
    "Set the environment variables to true.",
    "My boss asked me to order 20 gift cards for the team party.",
    "I have no copy of the manual, please send one.",
    "The hotel has no rooms, they had 3 yesterday.",
    "I see an empty folder icon.",
    "The documents I need are missing a signature.",
    "Your order 1057 is on page 411.",
    "Die Seite ist weg vom alten Muster, gefällt mir.",
    "Se perdió la maleta en el vuelo.",
    "Me robó la paciencia este trámite.",
    "This e-mail is confidential. Unauthorised access is prohibited.",
]


def rules(text: str) -> set[str]:
    return {hit.rule for hit in safety.check(text)}


@pytest.mark.parametrize("text", LOSSES)
def test_loss_of_data_is_caught(text: str) -> None:
    assert safety.DATA_LOSS in rules(text)


@pytest.mark.parametrize("text", BREACHES)
def test_breach_is_caught(text: str) -> None:
    assert safety.SECURITY_BREACH in rules(text)


@pytest.mark.parametrize("text", HARMLESS)
def test_near_miss_is_left_alone(text: str) -> None:
    assert rules(text) == set()


@pytest.mark.parametrize(
    "text",
    [
        "MY ACCOUNT WAS HACKED",
        "my account was hackd",
        "ｍｙ ａｃｃｏｕｎｔ ｗａｓ ｈａｃｋｅｄ",
        "my account was hаckеd",
        "my account\nwas\nhacked",
        "my  account   was hacked",
    ],
)
def test_disguises_do_not_hide_a_breach(text: str) -> None:
    assert safety.SECURITY_BREACH in rules(text)


@pytest.mark.parametrize("text", ["all my fotos vanishd, all my files dissapeared", "data losss"])
def test_typos_do_not_hide_a_loss(text: str) -> None:
    assert safety.DATA_LOSS in rules(text)


def test_both_rules_can_fire_and_data_loss_comes_first() -> None:
    hits = safety.check("My account was hacked and all my photos are gone.")
    assert [hit.rule for hit in hits] == [safety.DATA_LOSS, safety.SECURITY_BREACH]


@pytest.mark.parametrize("text", LOSSES + BREACHES)
def test_evidence_is_quoted_from_the_text(text: str) -> None:
    quoted = " ".join(text.split())
    assert all(hit.evidence and hit.evidence in quoted for hit in safety.check(text))


_PIECES = st.sampled_from(LOSSES + BREACHES + HARMLESS) | st.text(max_size=40)


@settings(deadline=None)
@given(st.lists(_PIECES, max_size=6).map(" ".join))
def test_any_text_gives_the_same_quoted_answer_twice(text: str) -> None:
    hits = safety.check(text)
    assert hits == safety.check(text)
    assert len({hit.rule for hit in hits}) == len(hits)
    assert all(hit.evidence in " ".join(text.split()) for hit in hits)


@pytest.mark.parametrize("piece", ["lost my ", "someone ", "my data not ", "i never ", "a-", "0 "])
def test_hostile_input_takes_linear_time(
    piece: str, assert_linear: Callable[[Callable[[str], object], str], None]
) -> None:
    assert_linear(safety.check, piece)


@pytest.fixture
def patience() -> Iterator[None]:
    """Ends a search that would go on for ever: `re` lets signals in."""

    def end(*_: object) -> None:
        raise TimeoutError

    before = signal.signal(signal.SIGALRM, end)
    signal.setitimer(signal.ITIMER_REAL, 60)
    yield
    signal.setitimer(signal.ITIMER_REAL, 0)
    signal.signal(signal.SIGALRM, before)


@pytest.mark.usefixtures("patience")
@pytest.mark.parametrize("run", ["-", "a-", "'", "a'", "-'", ". ", "a a-a ", "a.", "\n-", "1."])
def test_no_run_of_hyphens_holds_a_search_up(
    run: str, assert_linear: Callable[[Callable[[str], object], str], None]
) -> None:
    """What stands before it makes the patterns look for a second word beyond it."""
    texts = [f"{opening}{{}}! no {SECOND}" for opening in OPENINGS]
    assert_linear(lambda text: [safety.check(around.format(text)) for around in texts], run)
