"""What is done at the demo clinic: kinds of visits, procedures, advice; with the price in yuan."""

from __future__ import annotations

from crm.demo.concepts import Concept, snomed

CHECK_UP = snomed("Encounter for check-up", "健康体检", "185349003")
FOLLOW_UP = snomed("Follow-up encounter", "复诊", "390906007")
SYMPTOM = snomed("Encounter for symptom", "就诊(新症状)", "185345009")
WELL_CHILD = snomed("Well child visit", "儿童保健", "410620009")
ANTENATAL = snomed("Prenatal visit", "产前检查", "424619006")
HOME_VISIT = snomed("Home visit", "家庭访视", "439708006")
ADMISSION = snomed("Hospital admission", "住院", "32485007")
VACCINATION = snomed("Immunisation visit", "预防接种", "127785005")

CARDIOGRAM = snomed("12 lead electrocardiogram", "十二导联心电图", "268400002")
HEART_ECHO = snomed("Echocardiography", "超声心动图", "40701008")
SPIROMETRY = snomed("Spirometry", "肺功能检查", "127783003")
EYE_SCREEN = snomed("Diabetic retinopathy screening", "糖尿病视网膜病变筛查", "134395001")
FOOT_CHECK = snomed("Diabetic foot examination", "糖尿病足检查", "401191002")
LIVER_SCAN = snomed("Ultrasonography of abdomen", "腹部超声", "45036003")
GASTROSCOPY = snomed("Upper gastrointestinal endoscopy", "胃镜检查", "76009000")
BONE_SCAN = snomed("Bone density scan", "骨密度检查", "312681000")
KNEE_XRAY = snomed("Knee X-ray", "膝关节X线", "74016001")
PHYSIO = snomed("Physical therapy procedure", "物理治疗", "91251008")
ACUPUNCTURE = snomed("Acupuncture", "针刺治疗", "44868003")
COUNSELLING = snomed("Counselling", "心理咨询", "409063005")
MOOD_SCREEN = snomed("Depression screening", "抑郁筛查", "171207006")
MEMORY_SCREEN = snomed("Assessment of cognitive function", "认知功能评估", "113024001")
CERVICAL_SCREEN = snomed("Screening for malignant neoplasm of cervix", "宫颈癌筛查", "171149006")
BABY_SCAN = snomed("Obstetric ultrasonography", "产科超声", "268445003")
BABY_HEART = snomed("Auscultation of the fetal heart", "胎心听诊", "225158009")
SUTURE = snomed("Suture of open wound", "伤口缝合", "288086009")
BANDAGE = snomed("Immobilisation", "固定术", "274474001")
MEDICINE_REVIEW = snomed("Medication reconciliation", "用药核对", "430193006")

PRICES = {
    CARDIOGRAM: 35,
    HEART_ECHO: 220,
    SPIROMETRY: 110,
    EYE_SCREEN: 90,
    FOOT_CHECK: 40,
    LIVER_SCAN: 120,
    GASTROSCOPY: 420,
    BONE_SCAN: 180,
    KNEE_XRAY: 95,
    PHYSIO: 85,
    ACUPUNCTURE: 70,
    COUNSELLING: 200,
    MOOD_SCREEN: 30,
    MEMORY_SCREEN: 60,
    CERVICAL_SCREEN: 150,
    BABY_SCAN: 160,
    BABY_HEART: 25,
    SUTURE: 130,
    BANDAGE: 80,
}
VISIT_PRICES = {
    CHECK_UP: 80,
    FOLLOW_UP: 50,
    SYMPTOM: 50,
    WELL_CHILD: 40,
    ANTENATAL: 90,
    HOME_VISIT: 150,
    ADMISSION: 3600,
    VACCINATION: 20,
}


def price(concept: Concept) -> int:
    """Tell what a visit or a deed costs in yuan."""
    return VISIT_PRICES.get(concept) or PRICES.get(concept, 30)
