"""Vaccines, and the ages in months at which children get them (the programme used in China)."""

from __future__ import annotations

from crm.demo.concepts import vaccine

BCG = vaccine("BCG vaccine", "卡介苗", "19")
HEPATITIS_B = vaccine("Hepatitis B vaccine, child", "乙肝疫苗(儿童)", "08")
POLIO = vaccine("Inactivated polio vaccine", "脊髓灰质炎灭活疫苗", "10")
DTAP = vaccine("DTaP vaccine", "百白破疫苗", "20")
MMR = vaccine("Measles, mumps and rubella vaccine", "麻腮风疫苗", "03")
ENCEPHALITIS = vaccine("Japanese encephalitis vaccine", "乙脑疫苗", "134")
HEPATITIS_A = vaccine("Hepatitis A vaccine, child", "甲肝疫苗(儿童)", "83")
VARICELLA = vaccine("Varicella vaccine", "水痘疫苗", "21")
INFLUENZA = vaccine("Influenza vaccine, quadrivalent", "四价流感疫苗", "150")
PNEUMOCOCCAL = vaccine("Pneumococcal polysaccharide vaccine", "23价肺炎球菌多糖疫苗", "33")
ZOSTER = vaccine("Recombinant zoster vaccine", "重组带状疱疹疫苗", "187")
HPV = vaccine("HPV vaccine, 9-valent", "九价HPV疫苗", "165")
TDAP = vaccine("Tdap vaccine", "百白破疫苗(成人)", "115")

CHILD_PROGRAMME = (
    (0, (BCG, HEPATITIS_B)),
    (1, (HEPATITIS_B,)),
    (2, (POLIO,)),
    (3, (POLIO, DTAP)),
    (4, (POLIO, DTAP)),
    (5, (DTAP,)),
    (6, (HEPATITIS_B,)),
    (8, (MMR, ENCEPHALITIS)),
    (12, (VARICELLA,)),
    (18, (DTAP, MMR, HEPATITIS_A)),
    (24, (ENCEPHALITIS,)),
    (48, (POLIO, VARICELLA)),
    (72, (DTAP,)),
)
