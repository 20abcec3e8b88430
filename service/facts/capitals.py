"""Capitalised words of English that are not names, or not a part of them."""

# Abbreviations of common nouns, offices, units, headings.
COMMON = frozenset(
    """
    AI AGI API APP App CEO CFO COO CTO CPO CPU GPU TPU GDP CPI PPI PMI IPO ETF ESG ID IP IT IoT
    LLM NGO PC PDF PR QR R&D SUV TV UFO URL USB UTC GMT VIP VR AR VS VPN WiFi Wi-Fi DNA RNA HIV
    USD RMB EUR GBP JPY HKD TWD NT HK US$ HK$ NT$ Q1 Q2 Q3 Q4 OK PS KTV BR Jr Sr Inc Ltd Co Corp
    PLC AM PM am pm EV M&A B2B B2C SaaS 5G 4G 6G 3D 2D Apps CP KPI OEM MOU FAQ PE VC MW kW GW kWh
    km kg mm cm GB MB TB GHz MHz ICP PUE HTML DOCTYPE CN Copyright http https EST EDT CST CDT PST
    PDT CET CEST BST MP MPs VIDEO PHOTO PHOTOS FACT FACTS EXCLUSIVE REVEALED UPDATED""".split()
)

# Titles before the name of a person.
TITLES = frozenset(
    """
    President Vice Prime Minister Premier Chancellor Chairman Chairwoman Chair Chief Executive
    Officer Secretary General Senator Sen Rep Representative Governor Gov Mayor Judge Justice King
    Queen Prince Princess Pope Dr Mr Mrs Ms Miss Sir Lord Lady Prof Professor Captain Capt Colonel
    Sgt Lt Col Gen Maj Cpl Cmdr Supt Insp Det
    Director Ambassador Foreign Defence Defense Finance Interior Attorney Deputy Former
    Mister CEO CFO COO CTO Councillor Commissioner Coach Reverend Rev Congressman Congresswoman
    Lawmaker Councilman""".split()
)

# Of nations, beliefs and directions.
ADJECTIVES = frozenset(
    """
    American British Chinese Japanese Korean Russian German French Italian Spanish European Asian
    African Indian Australian Canadian Mexican Brazilian Israeli Palestinian Iranian Iraqi Turkish
    Ukrainian Dutch Swiss Swedish Norwegian Danish Polish Greek Taiwanese Vietnamese Thai Arab
    Western Eastern Northern Southern Islamic Muslim Christian Jewish Catholic English Latin
    Republican Democratic Democrat Democrats Republicans Soviet Hong-Kong Egyptian Saudi Hungarian
    Austrian Belgian Finnish Irish Scottish Welsh Portuguese Pakistani Indonesian Malaysian
    Filipino Singaporean Cuban Argentine Chilean Colombian Venezuelan South North East West
    Central Greater Internet Earth Moon Sun God Christmas Easter""".split()
)

# Of the calendar.
DAYS = frozenset(
    """
    Monday Tuesday Wednesday Thursday Friday Saturday Sunday Mondays Tuesdays Wednesdays Thursdays
    Fridays Saturdays Sundays January February March April May June July August September October
    November December Jan Feb Mar Apr Jun Jul Aug Sep Sept Oct Nov Dec Spring Summer Autumn Fall
    Winter""".split()
)

# Words that open a sentence in capitals and do not belong to a name.
OPENERS = frozenset(
    """
    A About Above According Across Additionally After Again Against All Almost Along Already Also
    Although Among An And Another Any Around As At Back Based Because Before Behind Being Below
    Besides Between Both But By Can Critics Current Currently Despite Did Do Does During Each
    Earlier Early Either Even Every Everyone Experts Few Finally First Five Following For Four
    From Further Given Had Has Have He Hello Her Here His How However I If In Indeed Inside
    Instead Into Is It Its Just Last Late Later Less Let Like Local Long Many Maybe Meanwhile More
    Moreover Most Much My Near Nearly Neither Never New Next No None Nor Not Nothing Now Of Off
    Officials Often Old On Once One Only Or Other Others Our Out Outside Over Overall Perhaps
    Please Police Rather Recent Recently Researchers Residents Scientists Second Several She
    Should Since Six So Some Someone Soon Still Such Ten Than That The Their Then There Therefore
    These They Third This Those Though Three Through Thus To Today Together Tomorrow Too Toward
    Two Under Unlike Until Up Upon Was We Well Were What Whatever When Where Whether Which While
    Who Whoever Why Will With Within Without Would Yes Yesterday Yet You Your I'm I've I'll It's
    Don't That's There's We're They're Photo Image Source Read Share Related Advertisement Updated
    Published Video Editor Editors Note Key What's He's She's""".split()
)
