# Who may do what. Everything is refused unless every condition below holds, so what is missing or misspelt in the input
# refuses. Roles, actions and scopes stand in permissions.json.
#
# Only what every engine has may be used, and the clock comes in as input.now: a decision can be made again later
# (`voiceassist.ports.policy`, tests/unit/functions/policies/test_lint.py).
package voiceassist.authz

import rego.v1

# The capacity in which the caller acts: the stored role, told apart by profile.
default duty := "nobody"

duty := "service" if {
	input.subject.role == "service"
} else := "admin" if {
	input.subject.role == "admin"
} else := "auditor" if {
	input.subject.role == "viewer"
	input.subject.profile == "auditor"
} else := "viewer" if {
	input.subject.role == "viewer"
} else := data.permissions.profiles[input.subject.profile] if {
	input.subject.role == "user"
} else := "user" if {
	input.subject.role == "user"
}

default permitted := false

permitted if {
	input.action in data.permissions.duties[duty].actions
	may_by_key
}

# A key does what its owner may do, and of that only what machines may.
default may_by_key := false

may_by_key if input.subject.key == false

may_by_key if {
	input.subject.key == true
	input.action in data.permissions.duties.integrator.actions
}

default scope_held := false

scope_held if input.subject.key == false

scope_held if {
	input.subject.key == true
	some scope in data.permissions.scopes[input.action]
	scope in input.subject.scopes
}

# Rooms of the installation's own name their scope in the wiring, where the gateway checks it.
scope_held if {
	input.subject.key == true
	"*" in data.permissions.scopes[input.action]
	is_array(input.subject.scopes)
	count(input.subject.scopes) > 0
}

default same_tenant := false

same_tenant if {
	input.subject.tenant != ""
	input.resource.tenant == input.subject.tenant
}

# Null sorts before every number, hence the look at the type.
default second_factor_recent := false

second_factor_recent if not input.action in data.permissions.step_up.actions

# A key has none: what it may do beyond that was said, with a second factor, when it was made.
second_factor_recent if {
	input.subject.key == true
	input.action in data.permissions.duties.integrator.actions
}

second_factor_recent if duty == "service"

second_factor_recent if {
	is_number(input.subject.mfa_age)
	input.subject.mfa_age >= 0
	input.subject.mfa_age <= data.permissions.step_up.seconds
}

# Break-glass: of this person, for this owner's records, not run out.
default emergency := false

emergency if {
	"break_glass.open" in data.permissions.duties[duty].actions
	input.break_glass.subject == input.subject.id
	input.break_glass.owner == input.resource.owner
	is_number(input.break_glass.until)
	is_number(input.now)
	input.now < input.break_glass.until
}

default purpose_fits := false

purpose_fits if input.purpose == ""

purpose_fits if {
	input.purpose != "ETREAT"
	input.purpose in data.permissions.duties[duty].purposes
}

purpose_fits if {
	input.purpose == "ETREAT"
	emergency
}

# Whose record it is, where the room has looked; the door does not know and says "".
default owner_fits := false

owner_fits if input.resource.owner == ""

owner_fits if {
	input.resource.owner == input.subject.id
	input.subject.id != ""
}

owner_fits if duty == "service"

owner_fits if {
	input.resource.shared == true
	input.action in data.permissions.of_all.shared
}

owner_fits if input.action in data.permissions.duties[duty].of_all

owner_fits if {
	emergency
	input.action in data.permissions.of_all.emergency
}

reasons contains "action_not_permitted" if not permitted

reasons contains "scope_missing" if not scope_held

reasons contains "other_tenant" if not same_tenant

reasons contains "second_factor_too_old" if not second_factor_recent

reasons contains "purpose_not_permitted" if not purpose_fits

reasons contains "not_the_owner" if not owner_fits

default allow := false

allow if {
	permitted
	scope_held
	same_tenant
	second_factor_recent
	purpose_fits
	owner_fits
}

decision := {"allow": allow, "reasons": [reason | some reason in reasons]}
