import { regex } from "../../../core/regex";
import { type Cause, change, clue, NOT_THE_POOL, SYMPTOMS } from "./cause";

/** A rule for logging in to a server keeps no visitor out. */
const VISITORS_PORT = /^(?!.*"fromPort":(22|3389)\b)/i;

/** Causes in the network between visitors, servers and database. */
export const networkCauses: readonly Cause[] = [
  {
    id: "security-group-changed",
    title: { en: "A security group rule was changed and blocks traffic", ko: "보안 그룹 규칙 변경으로 트래픽 차단" },
    do: {
      en: "Put the rule back (`pulumi up --refresh`); the timeline names the call and who made it.",
      ko: "`pulumi up --refresh`로 규칙을 복원하세요. 타임라인에 호출과 실행한 사람이 표시됩니다.",
    },
    clues: [
      clue(
        0.6,
        change(
          /^(RevokeSecurityGroup(Ingress|Egress)|ModifySecurityGroupRules|DeleteSecurityGroup|ModifyNetworkInterfaceAttribute)$/,
          { within: 60, text: VISITORS_PORT },
        ),
      ),
      clue(
        0.6,
        change(
          regex()`
            ^(RevokeSecurityGroup(Ingress|Egress)|ModifySecurityGroupRules|ModifyNetworkInterfaceAttribute|
            ModifyDBInstance|SetSecurityGroups|ModifyInstanceAttribute)$`,
          {
            within: 60,
            text: regex("i")`${VISITORS_PORT}.*(securityGroup|groupId|groupSet)`,
          },
        ),
        {
          kind: ["log", "target", "recovery", "certificate", "task"],
          text: regex("i")`${NOT_THE_POOL}[^]*(timed? ?out|ETIMEDOUT|Target\.Timeout|unreachable|P1001|can'?t reach)`,
          within: 60,
        },
      ),
    ],
    explains: [
      ...SYMPTOMS,
      "database-unreachable",
      "database-down",
      "registry-unreachable",
      "secret-unavailable",
      "outside-path",
      "host-unreachable",
      "bad-deploy",
    ],
    // An account has other networks, and CloudTrail does not say whose this was.
    cap: 0.8,
  },
  {
    id: "route-changed",
    title: {
      en: "Routing of the network was changed (routes, gateway, network ACL)",
      ko: "네트워크 라우팅 변경 (라우트, 게이트웨이, 네트워크 ACL)",
    },
    do: {
      en: "Put route table, gateway or network ACL back (`pulumi up --refresh`); the timeline names the call and who made it.",
      ko: "`pulumi up --refresh`로 라우팅 테이블, 게이트웨이, 네트워크 ACL을 복원하세요.",
    },
    clues: [
      clue(
        0.7,
        change(
          regex()`
            ^(DeleteRoute|ReplaceRoute|ReplaceRouteTableAssociation|DisassociateRouteTable|
            DetachInternetGateway|DeleteNatGateway|DeleteVpcEndpoints?|ReplaceNetworkAcl(Entry|Association)|
            DeleteNetworkAclEntry|DisassociateAddress|ReleaseAddress|DeleteVpcPeeringConnection)$`,
          { within: 60 },
        ),
      ),
      clue(
        0.5,
        change(
          regex()`
            ^(DeleteRoute|ReplaceRoute\w*|DisassociateRouteTable|DetachInternetGateway|DeleteNatGateway|
            DeleteVpcEndpoints?|ReplaceNetworkAcl\w+|CreateNetworkAclEntry|DisassociateAddress|ReleaseAddress)$`,
          { within: 60 },
        ),
        {
          kind: ["log", "target", "recovery", "task", "certificate"],
          text: /timed? ?out|ETIMEDOUT|Timeout|unreachable|ENETUNREACH/i,
          within: 60,
        },
      ),
    ],
    explains: [
      ...SYMPTOMS,
      "database-unreachable",
      "registry-unreachable",
      "secret-unavailable",
      "outside-path",
      "host-unreachable",
      "bad-deploy",
    ],
    // An account has other networks, and CloudTrail does not say whose this was.
    cap: 0.8,
  },
];
