"""The rules' tables: every way to report data loss, and every way to report a breach."""

from typing import Final

from tierline.serving.safety.exposure import EXPOSURE
from tierline.serving.safety.harm import HARM
from tierline.serving.safety.intrusion import INTRUSION
from tierline.serving.safety.languages import BREACH_ABROAD, LOSS_ABROAD
from tierline.serving.safety.loss import LOSS as LOSS_ENGLISH
from tierline.serving.safety.screen import Screen

LOSS: Final = Screen((*LOSS_ENGLISH, *LOSS_ABROAD))
BREACH: Final = Screen((*INTRUSION, *EXPOSURE, *HARM, *BREACH_ABROAD))
