# Run by `voiceassist.adapters.rego` before a bundle may be published, and by tests/unit/functions/policies.
package voiceassist.authz_test

import rego.v1

import data.voiceassist.authz

person(role, profile) := {
	"id": "u1",
	"tenant": "t1",
	"role": role,
	"profile": profile,
	"key": false,
	"scopes": [],
	"mfa_age": 60,
}

asked(action, subject) := {
	"action": action,
	"subject": subject,
	"resource": {"tenant": "t1", "owner": "", "shared": false},
	"purpose": "",
	"break_glass": {},
	"now": 1000,
}

with_owner(request, owner) := object.union(request, {"resource": {"tenant": "t1", "owner": owner, "shared": false}})

clinician := person("user", "physician")

nurse := person("user", "nurse")

admin := person("admin", "")

opened := {"subject": "u1", "owner": "u2", "until": 2000}

test_nothing_is_refused if {
	not authz.allow with input as {}
}

test_a_clinician_asks if {
	authz.allow with input as asked("question.ask", clinician)
}

test_an_admin_has_no_clinical_work if {
	authz.decision == {"allow": false, "reasons": ["action_not_permitted"]} with input as asked("question.ask", admin)
}

test_an_action_nobody_declared_is_refused if {
	not authz.allow with input as asked("moon.land", admin)
}

test_a_role_nobody_knows_is_refused if {
	not authz.allow with input as asked("session.read", person("owner", ""))
}

test_an_unknown_profile_is_the_plain_user if {
	authz.duty == "user" with input as asked("question.ask", person("user", "porter"))
}

test_the_duties if {
	authz.duty == "service" with input as asked("phi.scan", person("service", ""))
	authz.duty == "auditor" with input as asked("policy.read", person("viewer", "auditor"))
	authz.duty == "viewer" with input as asked("policy.read", person("viewer", "observer"))
	authz.duty == "researcher" with input as asked("question.ask", person("user", "researcher"))
}

test_another_tenant_is_refused if {
	request := object.union(asked("question.ask", clinician), {"resource": {"tenant": "t2", "owner": "", "shared": false}})
	authz.reasons == {"other_tenant"} with input as request
}

test_a_key_needs_the_scope if {
	key := object.union(clinician, {"key": true, "scopes": ["calc:run"], "mfa_age": null})
	authz.allow with input as asked("calculator.run", key)
	authz.reasons == {"scope_missing"} with input as asked("question.ask", key)
	authz.allow with input as asked("room.use", key)
	not authz.allow with input as asked("key.create", key)
}

test_a_second_factor_grows_old if {
	authz.allow with input as asked("break_glass.open", object.union(clinician, {"mfa_age": 300}))
	late := object.union(clinician, {"mfa_age": 301})
	authz.reasons == {"second_factor_too_old"} with input as asked("break_glass.open", late)
	not authz.allow with input as asked("break_glass.open", object.union(clinician, {"mfa_age": null}))
	not authz.allow with input as asked("break_glass.open", object.union(clinician, {"mfa_age": -1}))
}

test_a_key_of_an_operator_replays if {
	key := object.union(admin, {"key": true, "scopes": ["events:operate"], "mfa_age": null})
	authz.allow with input as asked("event.replay", key)
	authz.reasons == {"second_factor_too_old"} with input as asked("event.replay", object.union(admin, {"mfa_age": 301}))
	authz.allow with input as asked("event.replay", person("service", ""))
	not authz.allow with input as asked("key.create", person("service", ""))
}

test_a_directory_is_followed_by_a_fresh_factor_and_told_of_by_a_key if {
	key := object.union(admin, {"key": true, "scopes": ["users:operate"], "mfa_age": null})
	authz.allow with input as asked("directory.notify", key)
	not authz.allow with input as asked("directory.sync", key)
	authz.allow with input as asked("directory.sync", admin)
	authz.reasons == {"second_factor_too_old"} with input as asked("directory.sync", object.union(admin, {"mfa_age": 301}))
	not authz.allow with input as asked("directory.apply", admin)
	authz.allow with input as asked("directory.apply", person("service", ""))
}

test_a_record_of_somebody_else if {
	authz.allow with input as with_owner(asked("document.read", clinician), "u1")
	authz.reasons == {"not_the_owner"} with input as with_owner(asked("document.read", clinician), "u2")
	authz.allow with input as with_owner(asked("quarantine.decide", admin), "u2")
	shared := {"resource": {"tenant": "t1", "owner": "u2", "shared": true}}
	authz.allow with input as object.union(asked("document.read", nurse), shared)
	not authz.allow with input as object.union(asked("document.write", nurse), shared)
	authz.allow with input as with_owner(asked("document.read", person("service", "")), "u2")
}

test_break_glass_opens_for_a_while if {
	request := object.union(with_owner(asked("document.read", clinician), "u2"), {"break_glass": opened})
	authz.allow with input as request
	authz.allow with input as object.union(request, {"purpose": "ETREAT"})
	not authz.allow with input as object.union(request, {"now": 2000})
	not authz.allow with input as with_owner(request, "u3")
	not authz.allow with input as object.union(request, {"action": "document.write"})
	not authz.allow with input as object.union(request, {"subject": nurse})
	not authz.allow with input as object.union(request, {"subject": object.union(clinician, {"id": "u9"})})
}

test_a_purpose_is_of_the_duty if {
	authz.allow with input as object.union(asked("question.ask", clinician), {"purpose": "TREAT"})
	authz.reasons == {"purpose_not_permitted"} with input as object.union(asked("question.ask", clinician), {"purpose": "HRESCH"})
	not authz.allow with input as object.union(asked("question.ask", clinician), {"purpose": "ETREAT"})
}
