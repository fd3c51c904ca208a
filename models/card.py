"""The model card, in Chinese and in English, written from the evaluation alone."""

from collections.abc import Mapping
from typing import Any

from models.evaluation_text import figure, span

LANGUAGES = ("zh", "en")

_WORDS: dict[str, dict[str, str]] = {
    "zh": {
        "title": "模型卡 {version}", "use": "用途", "use_text": "为零就业家庭成员与岗位的推荐排序，并估计推荐后按期上岗的概率。结论由工作人员作出，分数仅供参考，不得自动生效。",
        "data": "数据", "trained": "注册版本学习的推荐记录：{referrals} 条，其中上岗 {starts} 条，{from_} 至 {to}。", "tested": "评估所用记录：{referrals} 条推荐、{members} 名成员、上岗 {starts} 条，{from_} 至 {to}；评估模型未见过这些记录及其家庭。",
        "left": "未采用：{items}。", "blend": "得分中成文规则的权重 {baseline}，学习部分的权重 {learned}。", "quality": "效果（95% 区间）", "scorer": "评分方式", "horizon": "期限（天）", "predicted": "预测", "observed": "实际", "gap": "差", "skill": "Brier 技能分",
        "groups": "分群体", "group": "群体", "n": "条数", "fair": "公平性", "barred": "单独改变性别、年龄、残疾、户籍、低保等属性，{rows} 对人岗中得分改变的有 {changed} 对。",
        "proxy": "特征可推测属性的程度（AUC，0.5 为不能）：{items}。", "gates": "上线门槛", "passed": "通过", "failed": "未通过", "limits": "局限",
        "limits_text": "记录由工作人员选择产生，不是随机样本；历史推荐当日岗位最近确认日期不可得，未参与学习；群体人数少于 50 条推荐时只列出、不判定。", "off": "按本排序选岗时，推荐后 {days} 天内上岗的比例", "promise": "按本排序选岗时，上月到期承诺的兑现率", "never": "不作为特征：性别、年龄、民族、出生地、户籍、婚姻家庭、残疾、病毒携带、低保。",
    },
    "en": {
        "title": "Model card {version}", "use": "Use", "use_text": "Ranks posts for members of zero-employment households and states the chance of a start in time. A person decides; a score never takes effect by itself.",
        "data": "Data", "trained": "The registered version learned from {referrals} referrals, {starts} of them starts, {from_} to {to}.", "tested": "Evaluated on {referrals} referrals of {members} members, {starts} starts, {from_} to {to}; the evaluated model had seen neither these nor their households.",
        "left": "Left out: {items}.", "blend": "Weight of the written rule {baseline}, of what was learned {learned}.", "quality": "Quality (95 % intervals)", "scorer": "scorer", "horizon": "days", "predicted": "predicted", "observed": "observed", "gap": "gap", "skill": "Brier skill",
        "groups": "By group", "group": "group", "n": "n", "fair": "Fairness", "barred": "Changing sex, age, disability, registration or allowance alone changed the score of {changed} of {rows} pairs.",
        "proxy": "How well the features give an attribute away (AUC, 0.5 not at all): {items}.", "gates": "Gates", "passed": "passed", "failed": "failed", "limits": "Limits",
        "limits_text": "The record was made by people who chose, it is no random sample; when a post had last been confirmed on a past day is not on record and was not learned from; groups of fewer than 50 referrals are listed, not judged.", "off": "Share of referrals that start within {days} days had posts been chosen by this order", "promise": "Rate of promises due last month that would have been kept had posts been chosen by this order", "never": "Never features: sex, age, ethnicity, birthplace, household registration, family status, disability, carrier status, subsistence allowance.",
    },
}  # fmt: skip


def card(
    evaluation: Mapping[str, Any], version: str, language: str, *, evidence: Mapping[str, Any] | None = None
) -> str:
    """Return the card as Markdown.

    Parameters
    ----------
    evaluation : mapping
        As ``models.evaluate.evaluate`` returns it.
    version : str
    language : {'zh', 'en'}
    evidence : mapping or None
        What the registered scorer was trained on; by default what the evaluated one was.
    """
    w = _WORDS[language]
    learned = evidence or evaluation["evidence"]
    parts = [
        f"# {w['title'].format(version=version)}",
        f"## {w['use']}",
        w["use_text"],
        w["never"],
        f"## {w['data']}",
        *_data(evaluation, learned, w),
        f"## {w['quality']}",
        _scorers(evaluation, w),
        _horizons(evaluation, w),
    ]
    parts += [
        f"## {w['groups']}",
        _groups(evaluation, w),
        f"## {w['fair']}",
        *_fairness(evaluation, w),
        f"## {w['gates']}",
        _gates(evaluation, w),
        f"## {w['limits']}",
        w["limits_text"],
    ]
    return "\n\n".join(parts) + "\n"


def _data(evaluation: Mapping[str, Any], learned: Mapping[str, Any], w: Mapping[str, str]) -> list[str]:
    out = []
    if learned.get("from"):
        out.append(
            w["trained"].format(
                referrals=learned["referrals"], starts=learned["starts"], from_=learned["from"], to=learned["to"]
            )
        )
    test = evaluation["test"]
    out.append(
        w["tested"].format(
            referrals=test["referrals"],
            members=test["members"],
            starts=test["starts"],
            from_=test["from"],
            to=test["to"],
        )
    )
    if learned.get("left_out"):
        out.append(w["left"].format(items="; ".join(f"{k} {v}" for k, v in sorted(learned["left_out"].items()))))
    if learned.get("placed"):
        out.append(
            w["blend"].format(
                baseline=figure(learned["placed"]["baseline"]), learned=figure(learned["placed"]["learned"])
            )
        )
    return out


def _scorers(evaluation: Mapping[str, Any], w: Mapping[str, str]) -> str:
    main = str(evaluation["main_horizon"])
    rows = [
        [name, span(s["ndcg_at_10"]), span(s["horizons"][main]["brier_skill"])]
        for name, s in evaluation["scorers"].items()
    ]
    return _markdown([w["scorer"], "nDCG@10", f"{w['skill']}, {main} d"], rows)


def _horizons(evaluation: Mapping[str, Any], w: Mapping[str, str]) -> str:
    found = evaluation["scorers"]["model"]["horizons"]
    rows = [
        [days, str(h["n"]), figure(h["predicted"]), figure(h["rate"]), span(h["gap"]), span(h["brier_skill"])]
        for days, h in found.items()
    ]
    return _markdown([w["horizon"], w["n"], w["predicted"], w["observed"], w["gap"], w["skill"]], rows)


def _groups(evaluation: Mapping[str, Any], w: Mapping[str, str]) -> str:
    every = {**evaluation["groups"], "difficulty": evaluation["strata"]}
    rows = [
        [f"{dimension}: {group}", str(r["n"]), figure(r["predicted"]), figure(r["rate"]), span(r["gap"])]
        for dimension, groups in every.items() if dimension != "district"
        for group, r in groups.items() if r["n"]
    ]  # fmt: skip
    return _markdown([w["group"], w["n"], w["predicted"], w["observed"], w["gap"]], rows)


def _fairness(evaluation: Mapping[str, Any], w: Mapping[str, str]) -> list[str]:
    test = evaluation["fairness"]["perturbation"]
    proxies = "; ".join(
        f"{name} {figure(p['auc'])} (n {p['n']})" for name, p in evaluation["fairness"]["proxies"].items()
    )
    out = [
        w["barred"].format(rows=test["rows"], changed=max(test["changed"].values(), default=0)),
        w["proxy"].format(items=proxies),
    ]
    found = evaluation["off_policy"]
    main = evaluation["main_horizon"]
    return [*out, f"{w['off'].format(days=main)}: {_value(found)}", f"{w['promise']}: {_value(found['promise'])}"]


def _value(found: Mapping[str, Any]) -> str:
    if "note" in found:
        return str(found["note"])
    told = " | ".join(f"{name.upper()} {span(found[name])}" for name in ("ips", "snips", "dr"))
    return f"{told}; logged {span(found['logged'])}; n {found['n']}, effective {figure(found['effective'])}: {found['overlap']}"


def _gates(evaluation: Mapping[str, Any], w: Mapping[str, str]) -> str:
    return "\n".join(
        f"- {g['name']}: {w['passed'] if g['passed'] else w['failed']}" for g in evaluation["gates"]["gates"]
    )


def _markdown(head: list[str], rows: list[list[str]]) -> str:
    return "\n".join("| " + " | ".join(row) + " |" for row in [head, ["---"] * len(head), *rows])
