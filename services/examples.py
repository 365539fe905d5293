"""
An example of each body that brings none of its own, as the API's description shows it.

A `TicketCommand` has its example with it, and some schemas have theirs.
"""

from collections.abc import Mapping
from typing import Any

PROPOSED_ROW = {"category": "0201", "division": "460106", "department": "ecology-environment-longhua"}
DEPARTMENT = {
    "name": "海口市龙华区生态环境局",
    "level": "district",
    "division": "460106000000",
    "parent": "government-longhua",
    "aliases": ["龙华环保局"],
    "valid_from": "2027-01-01",
}

_TICKET = "/v1/tickets/{ticket_id}"

_OF_TICKETS: Mapping[str, Any] = {
    # by the hotline
    "correct": {"because": "市民补充了地点", "division": "460106002000", "address": "龙华区滨海大道"},
    "note": {"note": "市民来电补充:工地在小区东门外。"},
    "urge": {"note": "市民再次来电,尚无人联系。"},
    "callback": {"outcome": "solved", "satisfied": True, "note": "市民表示满意。"},
    "grant-unfounded": {"note": "经核查,反映的情况不存在。"},
    "refuse-unfounded": {"note": "依据不足,请继续办理。"},
    "withdraw": {"because": "市民来电表示问题已自行解决。"},
    "transfer": {"to": "110", "note": "现场有人受伤,一键转接110。", "partner_number": "JJ20261123-17"},
    "split": {
        "because": "来电还反映了另一件事",
        "matters": [{"title": "路灯不亮", "text": "滨海大道路灯三天不亮。", "division": "460106002000"}],
    },
    "attachments": {
        "url": "https://files.example.gov.cn/recordings/20261123-17.mp3",
        "media_type": "audio/mpeg",
        "sha256": "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",
        "size": 184320,
    },
    "join": {"parent": "HK202611230001", "note": "同一工地、同一晚。"},
    "part": {"note": "核实后是另一处工地。"},
    "assign": {"department": "government-longhua", "note": "研判后派单"},
    # by a department
    "reveal": {"reason": "首次联系市民"},
}

_OTHERS: Mapping[tuple[str, str], Any] = {
    ("POST", "/v1/calls"): {
        "caller": {"name": "王女士", "phone": "13800138000"},
        "matters": [
            {"title": "夜间施工", "text": "工地夜间施工扰民。", "kind": "complaint", "category": "020100"},
            {"title": "路灯不亮", "text": "滨海大道路灯三天不亮。", "kind": "help"},
        ],
    },
    ("POST", "/v1/refusals"): {
        "call": {"title": "无实质诉求", "text": "来电人反复辱骂,未提出具体事项。"},
        "outcome": "REFUSE_IMPROPER",
        "reason": "恶意骚扰,无具体诉求",
        "legal_basis": "国办发〔2020〕53号",
    },
    ("POST", "/v1/refusals/{refusal_id}/grant"): {"note": "同意不予受理,已告知救济途径。"},
    ("POST", "/v1/refusals/{refusal_id}/deny"): {"note": "应当受理,请登记。"},
    ("POST", "/v1/deadlines/calculate"): {
        "items": [{"start": "2026-09-30T17:50:00+08:00", "limit": {"amount": 5, "unit": "working_days"}}]
    },
    ("POST", "/v1/departments"): {"code": "ecology-environment-longhua-2", **DEPARTMENT},
    ("PUT", "/v1/departments/{code}"): DEPARTMENT,
    ("POST", "/v1/departments/{code}/commitments"): {
        "category": "0201",
        "amount": 3,
        "unit": "working_days",
        "valid_from": "2027-01-01",
        "source": "2027年服务承诺公告",
    },
    ("POST", "/v1/departments/{code}/merge-into/{other}"): {
        "on": "2027-01-01",
        "because": "机构改革方案第三条",
    },
    ("PUT", "/v1/departments/{code}/people"): {
        "a": {"name": "李科长", "phone": "0898-66000001"},
        "b": {"name": "陈副科长"},
        "absences": [{"starts_at": "2026-12-01T08:00:00+08:00", "ends_at": "2026-12-04T18:00:00+08:00"}],
    },
    ("PUT", "/v1/suggestion-thresholds/{category}"): {"confidence": 0.95, "source": "2026年第4次研判会"},
    ("POST", "/v1/supervision/consequences/{consequence_id}/settle"): {
        "state": "done",
        "note": "已书面说明原因。",
    },
    ("POST", "/v1/supervision/halts"): {
        "scope": "all",
        "because": "台风一级响应,全市停工",
        "until_at": "2026-12-02T08:00:00+08:00",
    },
    ("POST", "/v1/supervision/notices/{notice_id}/acknowledge"): {"by": "李科长"},
    ("PUT", "/v1/supervision/receivers/{role}/{scope}"): {
        "name": "李科长",
        "post": "科长",
        "unit": "海口市龙华区生态环境局",
    },
    ("POST", "/v1/supervision/tickets/{ticket_id}/urge"): {"note": "请今日下班前联系市民。"},
    ("PUT", "/v1/policies/{kind}/drafts/{version}"): {
        "content": {
            "code": "HK",
            "time_zone": "Asia/Shanghai",
            "first_day": "2027-01-01",
            "last_day": "2027-12-31",
            "days": [
                {"date": "2027-01-01", "kind": "off", "name": "元旦", "source": "国办发明电〔2026〕12号"}
            ],
            "office_hours": [{"weekday": "mon", "opens": "08:00", "closes": "12:00"}],
        },
    },
    ("POST", "/v1/triage/proposals/accept"): PROPOSED_ROW,
    ("POST", "/v1/triage/proposals/dismiss"): PROPOSED_ROW,
    ("POST", "/v1/triage/{ticket_id}/claim"): {"minutes": 10},
    ("POST", "/v1/hooks/{department}/secrets"): {"certificate": "CN=oa.example.gov.cn"},
    ("POST", "/v1/hooks/{department}/secrets/{secret_id}/rotate"): {"overlap_hours": 24},
    ("POST", "/v1/webhooks/endpoints"): {
        "department": "ecology-environment-longhua",
        "url": "https://oa.example.gov.cn/hooks/12345",
    },
    ("POST", "/v1/webhooks/endpoints/{endpoint_id}/rotate"): {"overlap_hours": 24},
    ("POST", "/v1/webhooks/endpoints/{endpoint_id}/test"): {"type": "ticket.assigned"},
    ("POST", "/v1/webhooks/replays"): {
        "since_at": "2026-11-23T00:00:00+08:00",
        "until_at": "2026-11-24T00:00:00+08:00",
        "state": "dead",
    },
}

EXAMPLES: Mapping[tuple[str, str], Any] = {
    **{("POST", f"{_TICKET}/{step}"): body for step, body in _OF_TICKETS.items()},
    **_OTHERS,
}
