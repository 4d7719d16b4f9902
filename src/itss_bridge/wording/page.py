"""What the published page says about itself, in both languages."""

from collections.abc import Mapping

from itss_bridge.model import Text

PAGE: Mapping[str, Text] = {
    "kept": Text(
        "itss-bridge keeps this page up to date from the evidence it holds. What is changed here by hand is replaced "
        "with the next publication; the page itself counts nowhere as evidence. The items behind each number are in "
        "the workbook and the web page: itss-bridge export report.xlsx report.html",
        "本页由 itss-bridge 依据所留存的证据自动更新，手工修改的内容会在下次发布时被覆盖；"
        "本页自身不作为任何条款的证据。各数值背后的明细见工作簿与网页报告：itss-bridge export report.xlsx report.html",
    ),
    "left_out": Text(
        "Left out here, since the page would be too large: {parts}. The whole report: itss-bridge export report.html",
        "因页面篇幅所限，此处未列出：{parts}。完整报告：itss-bridge export report.html",
    ),
    "items": Text("tickets behind the gaps", "差距对应的工单"),
    "cells": Text("corresponding clauses of the other frameworks", "其他标准的对应条款"),
    "metrics": Text("metrics", "指标"),
    "gaps": Text("gaps", "差距清单"),
    "reached": Text("Level reached", "已达等级"),
    "not_reached": Text("none", "尚未达到任何等级"),
    "population": Text("Numerator / denominator (n)", "分子 / 分母（n）"),
    "catalogue": Text("Digest of what was asked", "评估依据摘要值"),
    "counts_n": Text("Requirements", "条目数"),
}
