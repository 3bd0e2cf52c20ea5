"""The ids that examples of the document speak of; tests fill a shop that has rows with just these."""

from __future__ import annotations

MEMBER = "0192f0c4-6d1e-7a3b-8c52-1f0e6a9d4b01"
PROGRAM = "0192f0c4-6d1e-7a3b-8c52-1f0e6a9d4b02"
DRAFT = "0192f0c4-6d1e-7a3b-8c52-1f0e6a9d4b03"
PAUSED = "0192f0c4-6d1e-7a3b-8c52-1f0e6a9d4b04"
ARCHIVED = "0192f0c4-6d1e-7a3b-8c52-1f0e6a9d4b05"
ENROLMENT = "0192f0c4-6d1e-7a3b-8c52-1f0e6a9d4b06"
ENTRY = "0192f0c4-6d1e-7a3b-8c52-1f0e6a9d4b07"
REWARD = "0192f0c4-6d1e-7a3b-8c52-1f0e6a9d4b08"
LOCATION = "0192f0c4-6d1e-7a3b-8c52-1f0e6a9d4b09"
PRODUCT = "0192f0c4-6d1e-7a3b-8c52-1f0e6a9d4b10"
RETIRED = "0192f0c4-6d1e-7a3b-8c52-1f0e6a9d4b11"
PURCHASE = "0192f0c4-6d1e-7a3b-8c52-1f0e6a9d4b12"
REFUND = "0192f0c4-6d1e-7a3b-8c52-1f0e6a9d4b13"
