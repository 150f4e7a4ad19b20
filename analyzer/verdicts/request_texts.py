"""Which attribute of a region tells of which text of a request that formulas ask for."""

from __future__ import annotations

from analyzer.model.formulas import Name
from analyzer.verdicts.regions import Attribute

TEXTS = {
    Name.METHOD: Attribute.METHOD,
    Name.PATH: Attribute.PATH,
    Name.HOST: Attribute.HOST,
    Name.HEADER: Attribute.HEADER,
    Name.PARAMETER: Attribute.PARAMETER,
    Name.COOKIE: Attribute.COOKIE,
    Name.SNI: Attribute.SNI,
    Name.ISSUER: Attribute.ISSUER,
    Name.SUBJECT: Attribute.SUBJECT,
    Name.TOKEN_PLACE: Attribute.TOKEN_PLACE,
    Name.CLAIM: Attribute.CLAIM_OF_TOKEN,
    Name.CLAIM_WORD: Attribute.WORD_OF_CLAIM,
    Name.IDENTITY: Attribute.IDENTITY,
    Name.DNS: Attribute.DNS,
}
