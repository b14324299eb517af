"""Spellings that folding undoes: chat shorthand, contractions, and one-letter typos."""

from typing import Final

from tierline.serving.safety.grammar import expand

#: Endings written out. "'s" stays: it is as often a genitive as an "is".
CONTRACTIONS: Final = (("n't", " not"), ("'ve", " have"), ("'re", " are"), ("'ll", " will"))

#: Words that stand for others, mostly contractions written in a hurry.
SHORTHAND: Final = {
    "can't": "can not", "cant": "can not", "cannot": "can not", "won't": "will not",
    "wont": "will not", "ain't": "is not", "aint": "is not", "didnt": "did not",
    "dont": "do not", "doesnt": "does not", "isnt": "is not", "wasnt": "was not",
    "arent": "are not", "werent": "were not", "hasnt": "has not", "havent": "have not",
    "hadnt": "had not", "couldnt": "could not", "wouldnt": "would not",
    "shouldnt": "should not", "i'm": "i am", "im": "i am", "ive": "i have", "it's": "it is",
    "that's": "that is", "there's": "there is", "who's": "who is", "he's": "he is",
    "she's": "she is", "everything's": "everything is", "theres": "there is", "u": "you",
    "ur": "your", "pls": "please", "plz": "please", "pw": "password", "pwd": "password",
    "acct": "account", "acc": "account", "cust": "customer", "sb": "somebody",
    "smb": "somebody", "som1": "someone", "sum1": "someone", "nite": "night",
    "anymore": "any more", "w/o": "without", "2day": "today", "every1": "everyone",
    "gonna": "going to", "thru": "through", "insta": "instagram", "whatsap": "whatsapp",
    "dissapeared": "disappeared", "dissappeared": "disappeared", "disapeared": "disappeared",
    "dissapear": "disappear", "disapear": "disappear", "dissapears": "disappears",
    "hackd": "hacked", "haked": "hacked", "hackt": "hacked",
    "loosing": "losing", "teh": "the", "emtpy": "empty", "takn": "taken",
    "breeched": "breached", "adress": "address", "adresses": "addresses",
}  # fmt: skip

#: Words worth correcting: a word one edit away is read as one of these.
TYPO_TARGETS: Final = expand(
    "hacked hacking hacker+ stolen deleted deleting disappeared disappear vanished corrupted"
    " overwritten erased destroyed unauthorized unauthorised phishing phished ransomware malware"
    " spyware trojan breached breach compromised suspicious fraudulent encrypted leaked exposed"
    " hijacked infected intruder impersonating restore recover missing scammed skimmed someone"
    " somebody stranger+ password+ account+ message+ picture+ document+ playlist+ history"
    " session+ recording+ calendar+ database+ customer+ backup+ everything conversation+"
    " credentials laptop+ wallet+ transaction+ transfer+ folder+ mailbox attachment+ withdrawal+"
)
#: Words that are read where digits stand for letters ("d4ta").
LEET_TARGETS: Final = TYPO_TARGETS | expand(
    "data gone lost file+ photo+ pic+ mail+ save+ game+ video+ hack hacks leak+ leaked virus wiped"
    " erased empty stole steal scam money login+ card+ phone+ entry all my our"
)
#: Honest neighbours of those words, which stay as they are.
HONEST: Final = expand(
    "hackathon hackney backed packed delete deletes deleter depleted detected selected relisted"
    " vanishes varnished corrupter corrupt corrupts erases eraser creased destroyer destroys"
    " breaches broach preached compromises compromise encrypts decrypted expose exposes hijacks"
    " hijacker infects inflected injected intruders restored restores restorer recovers recovery"
    " recovered missed mission missings strange strangest scammer skimmer leaker exported"
    " disappears massage+"
    " transferred holder+ attachments pictured documented conservation messaged"
    " conversion+ restores transferee historic mailboxes customary custom customs laptops"
)
