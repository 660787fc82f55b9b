"""What is measured, in which unit, and between which bounds it counts as normal."""

from __future__ import annotations

from dataclasses import dataclass

from crm.demo.concepts import Concept, loinc


@dataclass(frozen=True)
class Measure:
    """A measurable with its reference range; `men` where theirs differs."""

    concept: Concept
    unit: str
    ucum: str
    low: float
    high: float
    digits: int = 0
    kind: str = "laboratory"
    men: tuple[float, float] | None = None

    def bounds(self, sex: str) -> tuple[float, float]:
        """Tell the reference range for a sex."""
        return self.men if self.men and sex == "male" else (self.low, self.high)


@dataclass(frozen=True)
class Panel:
    """A laboratory report: the measures it brings and its price in yuan."""

    concept: Concept
    measures: tuple[str, ...]
    price: int


VITAL = "vital-signs"
SURVEY = "survey"
MEASURES = {
    "systolic": Measure(
        loinc("Systolic blood pressure", "收缩压", "8480-6"), "mmHg", "mm[Hg]", 90, 139, 0, VITAL
    ),
    "diastolic": Measure(
        loinc("Diastolic blood pressure", "舒张压", "8462-4"), "mmHg", "mm[Hg]", 60, 89, 0, VITAL
    ),
    "pulse": Measure(loinc("Heart rate", "心率", "8867-4"), "/min", "/min", 60, 100, 0, VITAL),
    "temperature": Measure(
        loinc("Body temperature", "体温", "8310-5"), "°C", "Cel", 36.1, 37.2, 1, VITAL
    ),
    "oxygen": Measure(
        loinc("Oxygen saturation", "血氧饱和度", "59408-5"), "%", "%", 95, 100, 0, VITAL
    ),
    "weight": Measure(loinc("Body weight", "体重", "29463-7"), "kg", "kg", 0, 0, 1, VITAL),
    "height": Measure(loinc("Body height", "身高", "8302-2"), "cm", "cm", 0, 0, 1, VITAL),
    "head": Measure(loinc("Head circumference", "头围", "9843-4"), "cm", "cm", 0, 0, 1, VITAL),
    "bmi": Measure(
        loinc("Body mass index", "体重指数", "39156-5"), "kg/m2", "kg/m2", 18.5, 23.9, 1, VITAL
    ),
    "hba1c": Measure(loinc("Haemoglobin A1c", "糖化血红蛋白", "4548-4"), "%", "%", 4.0, 6.0, 1),
    "glucose": Measure(
        loinc("Fasting glucose", "空腹血糖", "14771-0"), "mmol/L", "mmol/L", 3.9, 6.1, 1
    ),
    "cholesterol": Measure(
        loinc("Total cholesterol", "总胆固醇", "14647-2"), "mmol/L", "mmol/L", 3.1, 5.2, 2
    ),
    "ldl": Measure(
        loinc("LDL cholesterol", "低密度脂蛋白胆固醇", "22748-8"), "mmol/L", "mmol/L", 1.8, 3.4, 2
    ),
    "hdl": Measure(
        loinc("HDL cholesterol", "高密度脂蛋白胆固醇", "14646-4"), "mmol/L", "mmol/L", 1.0, 1.9, 2
    ),
    "triglycerides": Measure(
        loinc("Triglycerides", "甘油三酯", "14927-8"), "mmol/L", "mmol/L", 0.6, 1.7, 2
    ),
    "creatinine": Measure(
        loinc("Creatinine", "肌酐", "14682-9"), "umol/L", "umol/L", 41, 73, 0, men=(57, 97)
    ),
    "egfr": Measure(
        loinc("Estimated glomerular filtration rate", "估算肾小球滤过率", "98979-8"),
        "mL/min/1.73 m2",
        "mL/min/{1.73_m2}",
        90,
        130,
    ),
    "potassium": Measure(loinc("Potassium", "血钾", "2823-3"), "mmol/L", "mmol/L", 3.5, 5.3, 1),
    "acr": Measure(
        loinc("Urine albumin/creatinine ratio", "尿白蛋白肌酐比", "14959-1"), "mg/g", "mg/g", 2, 30
    ),
    "urate": Measure(
        loinc("Uric acid", "尿酸", "14933-6"), "umol/L", "umol/L", 155, 357, 0, men=(208, 428)
    ),
    "alt": Measure(
        loinc("Alanine aminotransferase", "丙氨酸氨基转移酶", "1742-6"), "U/L", "U/L", 7, 40
    ),
    "ast": Measure(
        loinc("Aspartate aminotransferase", "天门冬氨酸氨基转移酶", "1920-8"), "U/L", "U/L", 13, 35
    ),
    "haemoglobin": Measure(
        loinc("Haemoglobin", "血红蛋白", "718-7"), "g/L", "g/L", 115, 150, 0, men=(130, 175)
    ),
    "leukocytes": Measure(
        loinc("Leukocytes", "白细胞计数", "6690-2"), "10*9/L", "10*9/L", 3.5, 9.5, 1
    ),
    "platelets": Measure(loinc("Platelets", "血小板计数", "777-3"), "10*9/L", "10*9/L", 125, 350),
    "ferritin": Measure(
        loinc("Ferritin", "铁蛋白", "2276-4"), "ng/mL", "ng/mL", 13, 150, 0, men=(30, 400)
    ),
    "tsh": Measure(
        loinc("Thyrotropin", "促甲状腺激素", "3016-3"), "mIU/L", "m[IU]/L", 0.27, 4.2, 2
    ),
    "ft4": Measure(
        loinc("Free thyroxine", "游离甲状腺素", "14920-3"), "pmol/L", "pmol/L", 12, 22, 1
    ),
    "crp": Measure(loinc("C-reactive protein", "C反应蛋白", "1988-5"), "mg/L", "mg/L", 0, 8, 1),
    "probnp": Measure(loinc("NT-proBNP", "N末端脑钠肽前体", "33762-6"), "pg/mL", "pg/mL", 20, 300),
    "hbv": Measure(
        loinc("Hepatitis B virus DNA", "乙肝病毒DNA", "42595-9"), "IU/mL", "[IU]/mL", 0, 20
    ),
    "hiv_load": Measure(
        loinc("HIV 1 RNA", "HIV-1病毒载量", "20447-9"), "copies/mL", "{copies}/mL", 0, 20
    ),
    "cd4": Measure(
        loinc("CD4 cells", "CD4细胞计数", "24467-3"), "cells/uL", "{cells}/uL", 500, 1400
    ),
    "psa": Measure(
        loinc("Prostate specific antigen", "前列腺特异性抗原", "2857-1"),
        "ng/mL",
        "ng/mL",
        0.3,
        4,
        2,
    ),
    "vitamin_d": Measure(
        loinc("25-hydroxyvitamin D", "25-羟维生素D", "14635-7"), "nmol/L", "nmol/L", 50, 125
    ),
    "ogtt": Measure(
        loinc("Glucose 2 h after 75 g", "75g糖负荷后2小时血糖", "14995-5"),
        "mmol/L",
        "mmol/L",
        4.5,
        8.4,
        1,
    ),
    "peak_flow": Measure(
        loinc("Peak expiratory flow", "呼气峰流速", "33452-4"), "L/min", "L/min", 0, 0, 0, VITAL
    ),
    "fev1": Measure(loinc("FEV1/FVC", "一秒率", "19926-5"), "%", "%", 70, 90, 0, "procedure"),
    "pain": Measure(
        loinc("Pain severity 0-10", "疼痛评分 0-10", "72514-3"),
        "{score}",
        "{score}",
        0,
        3,
        0,
        SURVEY,
    ),
    "phq9": Measure(
        loinc("PHQ-9 total score", "PHQ-9抑郁量表总分", "44261-6"),
        "{score}",
        "{score}",
        0,
        4,
        0,
        SURVEY,
    ),
    "gad7": Measure(
        loinc("GAD-7 total score", "GAD-7焦虑量表总分", "70274-6"),
        "{score}",
        "{score}",
        0,
        4,
        0,
        SURVEY,
    ),
    "mmse": Measure(
        loinc("MMSE total score", "简易精神状态检查总分", "72106-8"),
        "{score}",
        "{score}",
        27,
        30,
        0,
        SURVEY,
    ),
}
PANELS = {
    "sugar": Panel(
        loinc("Glucose and HbA1c panel", "血糖组合", "55399-0"), ("hba1c", "glucose"), 75
    ),
    "lipids": Panel(
        loinc("Lipid panel", "血脂组合", "57698-3"),
        ("ldl", "hdl", "triglycerides", "cholesterol"),
        60,
    ),
    "kidney": Panel(
        loinc("Renal function panel", "肾功能组合", "24362-6"),
        ("creatinine", "egfr", "potassium"),
        55,
    ),
    "albumin": Panel(loinc("Urine albumin panel", "尿微量白蛋白", "14585-4"), ("acr",), 45),
    "urate": Panel(loinc("Uric acid", "血尿酸", "14933-6"), ("urate",), 15),
    "liver": Panel(loinc("Hepatic function panel", "肝功能组合", "24325-3"), ("alt", "ast"), 50),
    "blood": Panel(
        loinc("Complete blood count", "血常规", "58410-2"),
        ("haemoglobin", "leukocytes", "platelets"),
        25,
    ),
    "iron": Panel(loinc("Ferritin", "血清铁蛋白", "2276-4"), ("ferritin",), 60),
    "thyroid": Panel(loinc("Thyroid panel", "甲状腺功能组合", "24348-5"), ("tsh", "ft4"), 90),
    "inflammation": Panel(loinc("C-reactive protein", "C反应蛋白", "1988-5"), ("crp",), 30),
    "heart": Panel(loinc("NT-proBNP", "N末端脑钠肽前体", "33762-6"), ("probnp",), 140),
    "hbv": Panel(loinc("Hepatitis B virus DNA", "乙肝病毒DNA定量", "42595-9"), ("hbv",), 130),
    "hiv": Panel(loinc("HIV monitoring panel", "HIV随访组合", "20447-9"), ("hiv_load", "cd4"), 0),
    "prostate": Panel(loinc("PSA", "前列腺特异性抗原", "2857-1"), ("psa",), 70),
    "bone": Panel(loinc("25-hydroxyvitamin D", "25-羟维生素D", "14635-7"), ("vitamin_d",), 85),
    "tolerance": Panel(
        loinc("Oral glucose tolerance test", "口服糖耐量试验", "14995-5"), ("ogtt",), 50
    ),
    "breathing": Panel(loinc("Spirometry panel", "肺功能组合", "81459-0"), ("fev1",), 110),
}
