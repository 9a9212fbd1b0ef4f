import { regex } from "../../../core/regex";
import {
  type Cause,
  CODE_ERROR,
  change,
  clue,
  dbStatus,
  deploy,
  event,
  line,
  log,
  metric,
  SYMPTOMS,
  stopped,
  target,
  task,
} from "./cause";

/** Causes in a release, its configuration, image and secrets. */
export const releaseCauses: readonly Cause[] = [
  {
    id: "bad-deploy",
    title: { en: "The last deployment broke the site", ko: "마지막 배포로 인한 장애" },
    do: {
      en: "Go back to the previous release (`pulumi up` with the last image or commit), then read the first error after the deployment.",
      ko: "이전 릴리스로 되돌리고(`pulumi up`에 이전 이미지/커밋 지정) 배포 이후 첫 오류를 확인하세요.",
    },
    clues: [
      clue(0.8, {
        kind: "deployment",
        name: /^FAILED$/i,
        text: /circuit breaker|tasks failed to start|rolled? ?back/i,
        within: 60,
      }),
      clue(0.55, {
        kind: "deployment",
        name: /^(Failed|RollbackSuccessful|RollbackInProgress|RollbackFailed)$/,
        within: 60,
      }),
      clue(0.6, event(/^ECS Deployment State Change$/, /SERVICE_DEPLOYMENT_FAILED/)),
      clue(0.7, deploy, log(CODE_ERROR)),
      clue(0.4, deploy, { kind: "task", name: /EssentialContainerExited/, min: 1, within: 45 }),
      clue(0.25, deploy, target(/^Target\.(ResponseCodeMismatch|FailedHealthChecks|Timeout)$/)),
      clue(0.2, deploy, metric(/^HTTPCode_Target_5XX_Count$/, { min: 10, times: 5 })),
      clue(0.15, { kind: "deployment", name: /^IN_PROGRESS$/, min: 1, within: 60 }),
      clue(0.15, deploy),
      clue(
        0.6,
        { kind: "vercel", name: /^deployment$/, text: /^latest READY/, within: 30, timed: true },
        {
          kind: "vercel",
          name: /^error$/,
          text: regex()`
            FUNCTION_INVOCATION_FAILED|FUNCTION_INVOCATION_TIMEOUT|EDGE_FUNCTION_INVOCATION_FAILED|
            MIDDLEWARE_INVOCATION_FAILED|INTERNAL_FUNCTION`,
        },
      ),
      clue(
        0.55,
        line(/\bpm2 (reload|restart|deploy)|release .* activated|deploy(ment)? (started|finished|complete)/i),
        log(CODE_ERROR),
      ),
    ],
    explains: [...SYMPTOMS, "cpu-saturated", "process-down"],
  },
  {
    id: "config-missing",
    title: {
      en: "A setting that the application needs is missing or invalid",
      ko: "필수 환경 변수/설정이 없거나 잘못됨",
    },
    do: {
      en: "Set the variable that the error names in the stack's config or secrets and deploy again.",
      ko: "오류에 표시된 변수를 스택 설정이나 시크릿에 넣고 다시 배포하세요.",
    },
    clues: [
      clue(
        0.85,
        line(
          regex("i")`
            environment variable(s)? .*(not found|is (missing|required|not set|undefined))|
            environment variable not found|(missing|invalid|required|
            undefined) (required )?environment variable|\bis not set\b.*env|error validating datasource|
            \bP1012\b|invalid environment`,
        ),
      ),
      clue(
        0.3,
        change(/^(RegisterTaskDefinition|PutParameter|DeleteParameter|DeleteParameters|PutSecretValue|UpdateSecret)$/),
        line(/environment variable|env(ironment)? /i),
      ),
    ],
    explains: [...SYMPTOMS, "bad-deploy", "process-down"],
  },
  {
    id: "image-missing",
    title: { en: "The container image does not exist", ko: "컨테이너 이미지가 존재하지 않음" },
    do: {
      en:
        "Push the image again or name an existing digest " +
        "(`aws ecr describe-images`); check that the lifecycle policy keeps what is in use.",
      ko: "이미지를 다시 푸시하거나 존재하는 다이제스트를 지정하고(`aws ecr describe-images`), 수명 주기 정책을 확인하세요.",
    },
    clues: [
      clue(
        0.92,
        task(/CannotPull(Container|ImageManifest)\w*Error.*(not found|manifest unknown|does not exist|no such)/i),
      ),
      clue(0.88, stopped(/CannotPull\w*Error.*(not found|manifest unknown|does not exist)/i)),
      clue(0.85, line(/manifest (for .* )?(unknown|not found)|image .* not found|ImageNotFoundException/i)),
      clue(0.35, change(/^BatchDeleteImage$/, { within: 1440 }), task(/CannotPull/i)),
    ],
    explains: [...SYMPTOMS, "bad-deploy", "registry-unreachable"],
  },
  {
    id: "image-architecture",
    title: { en: "The image was built for another processor architecture", ko: "이미지의 CPU 아키텍처 불일치" },
    do: {
      en: "Build for the tier's architecture (`docker buildx build --platform linux/arm64`) or for both, and deploy again.",
      ko: "티어의 아키텍처에 맞춰(`docker buildx build --platform linux/arm64`) 또는 다중 아키텍처로 다시 빌드해 배포하세요.",
    },
    clues: [
      clue(0.9, {
        kind: ["task", "log", "recovery", "service", "deployment", "event"],
        text: /exec format error/i,
        within: 60,
      }),
      clue(0.9, task(/does not contain descriptor matching platform|no match(ing)? (for platform|manifest for)/i)),
    ],
    explains: [...SYMPTOMS, "bad-deploy", "image-missing", "registry-unreachable"],
  },
  {
    id: "registry-unreachable",
    title: {
      en: "The container image cannot be pulled (network or permission)",
      ko: "컨테이너 이미지를 가져올 수 없음 (네트워크 또는 권한)",
    },
    do: {
      en: "Check the subnet's way out (public address, NAT or VPC endpoints for ECR and S3) and the execution role's ECR permissions.",
      ko: "서브넷의 외부 경로(퍼블릭 IP, NAT, ECR/S3 VPC 엔드포인트)와 실행 역할의 ECR 권한을 확인하세요.",
    },
    clues: [
      clue(
        0.85,
        task(
          regex("i")`
            CannotPull\w*Error.*(i\/o timeout|timed? ?out|403|forbidden|access denied|denied|no basic auth|
            authorization|unauthorized|toomanyrequests|rate limit|dial tcp|connection refused|failed to resolve)`,
        ),
      ),
      clue(
        0.8,
        task(
          regex("i")`
            ResourceInitializationError.*(registry auth|GetAuthorizationToken|ecr).*(timeout|timed out|cannot|
            no route|dial tcp|connection issue)`,
        ),
      ),
      clue(0.55, task(/CannotPull\w*Error/i)),
    ],
    explains: [...SYMPTOMS, "bad-deploy"],
    cap: 0.9,
  },
  {
    id: "secret-unavailable",
    title: { en: "A secret or parameter cannot be read at start", ko: "시작 시 시크릿/파라미터를 읽을 수 없음" },
    do: {
      en:
        "Restore the secret (`aws secretsmanager restore-secret`) or the name in the task " +
        "definition, and check the execution role's permission to read it.",
      ko: "시크릿을 복원(`aws secretsmanager restore-secret`)하거나 태스크 정의의 이름을 고치고 실행 역할의 읽기 권한을 확인하세요.",
    },
    clues: [
      clue(0.9, task(/ResourceInitializationError.*(secret|ssm|parameter|asm).*/i)),
      clue(0.85, stopped(/ResourceInitializationError.*(secret|ssm|parameter)/i)),
      clue(
        0.8,
        line(
          regex("i")`
            (secret|parameter).*(marked for deletion|scheduled for deletion|can'?t find|not found|
            ParameterNotFound)|ResourceNotFoundException.*(secret|parameter)|(secretsmanager|
            ssm):Get\w+.*(denied|not authorized)|not authorized to perform: (secretsmanager|ssm):Get`,
        ),
      ),
      clue(0.5, change(/^(DeleteSecret|DeleteParameters?)$/, { within: 720 })),
    ],
    explains: [...SYMPTOMS, "bad-deploy", "config-missing"],
  },
  {
    id: "kms-denied",
    title: {
      en: "An encryption key (KMS) is disabled, deleted or denied",
      ko: "KMS 암호화 키가 비활성화/삭제되었거나 접근 거부",
    },
    do: {
      en: "Enable the key or cancel its deletion (`aws kms enable-key`, `cancel-key-deletion`) and restore its policy.",
      ko: "키를 활성화하거나 삭제를 취소하고(`aws kms enable-key`, `cancel-key-deletion`) 정책을 복원하세요.",
    },
    clues: [
      clue(0.85, {
        kind: ["task", "log", "service", "scaling", "recovery", "event", "instance"],
        text: regex("i")`
          KMS\.?(Disabled|InvalidState|AccessDenied|NotFound)|KMSAccessDenied|kms:(Decrypt|GenerateDataKey\w*|
          CreateGrant).*(denied|not authorized)|(denied|not authorized).*kms:|Access to KMS is not allowed|
          InvalidKMSKey|Client\.(InternalError|InvalidKMSKey)[^|]*(launch|kms)`,
        within: 120,
      }),
      clue(0.85, dbStatus(/inaccessible-encryption-credentials/)),
      // The account has other keys: only with a refusal does a change of one say much.
      clue(0.35, change(/^(DisableKey|ScheduleKeyDeletion|PutKeyPolicy|RevokeGrant|RetireGrant)$/, { within: 1440 })),
    ],
    explains: [
      ...SYMPTOMS,
      "bad-deploy",
      "secret-unavailable",
      "database-down",
      "permission-denied",
      "launch-failed",
      "registry-unreachable",
      "database-unreachable",
    ],
  },
  {
    id: "permission-denied",
    title: { en: "An IAM role lost a permission that the site needs", ko: "사이트에 필요한 IAM 권한이 없어짐" },
    do: {
      en:
        "Restore the policy that the error names (`pulumi up --refresh` shows the " +
        "difference); the change in the timeline names who edited it.",
      ko: "오류에 표시된 정책을 복원하세요(`pulumi up --refresh`로 차이 확인). 타임라인에 변경한 사람이 표시됩니다.",
    },
    clues: [
      clue(0.6, {
        kind: ["log", "task", "service", "recovery", "scaling"],
        text: regex("i")`
          is not authorized to perform|AccessDenied(Exception)?\b|
          unable to assume (the )?(service linked )?role|UnauthorizedOperation|no identity-based policy allows`,
        within: 60,
      }),
      clue(
        0.6,
        change(
          regex()`
            ^(PutRolePolicy|DeleteRolePolicy|DetachRolePolicy|AttachRolePolicy|UpdateAssumeRolePolicy|
            DeleteRole|CreatePolicyVersion|SetDefaultPolicyVersion|DeletePolicy\w*|PutRolePermissionsBoundary|
            PutBucketPolicy|DeleteBucketPolicy|DisassociateIamInstanceProfile|RemoveRoleFromInstanceProfile)$`,
          { within: 180 },
        ),
        {
          kind: ["log", "task", "service", "recovery", "scaling"],
          text: /not authorized|AccessDenied|unable to assume|Unauthorized|403/i,
          within: 60,
        },
      ),
    ],
    explains: [...SYMPTOMS, "bad-deploy", "secret-unavailable", "registry-unreachable"],
  },
  {
    id: "migration-failed",
    title: {
      en: "A database migration failed or does not fit the release",
      ko: "데이터베이스 마이그레이션 실패 또는 스키마 불일치",
    },
    do: {
      en:
        "Read the failed migration (`prisma migrate status`), repair and mark it " +
        "(`prisma migrate resolve`), or go back to the release that fits the schema.",
      ko: "`prisma migrate status`로 실패한 마이그레이션을 확인하고 `prisma migrate resolve`로 정리하거나, 스키마에 맞는 릴리스로 되돌리세요.",
    },
    clues: [
      clue(
        0.9,
        line(
          regex("i")`
            \bP30(0[0-9]|1[0-9])\b|migrate found failed migrations|migration .*failed to apply|
            a migration failed to apply|migrate deploy.*(failed|error|exit)`,
        ),
      ),
      clue(0.75, line(/(relation|column|table) .* does not exist|\bP20(21|22)\b|\b42(P01|703)\b/i, { count: 2 })),
      clue(0.2, deploy, line(/migrat/i)),
    ],
    explains: [...SYMPTOMS, "bad-deploy", "process-down"],
  },
  {
    id: "health-check-mismatch",
    title: {
      en: "The health check asks for something the application does not answer",
      ko: "헬스 체크 경로/응답 코드 불일치",
    },
    do: {
      en:
        "Compare the target group's path and matcher with what the application " +
        "answers (`curl -i` on the path); correct the one that changed.",
      ko: "대상 그룹의 경로/매처와 애플리케이션 응답(`curl -i`)을 비교해 바뀐 쪽을 고치세요.",
    },
    clues: [
      clue(0.65, target(/^Target\.ResponseCodeMismatch$/, { text: /\[(30[1278]|40[0134]|405)\]/ })),
      clue(0.75, change(/^ModifyTargetGroup$/), target(/./, { min: 0.01 })),
    ],
    explains: ["unhealthy-unexplained", "app-errors", "too-few-running"],
  },
  {
    id: "load-balancer-changed",
    title: {
      en: "The load balancer's listener, rules or targets were changed",
      ko: "로드 밸런서의 리스너, 규칙 또는 대상이 변경됨",
    },
    do: {
      en: "Run `pulumi up --refresh` to put listener, rules and target group back; the timeline names who changed them.",
      ko: "`pulumi up --refresh`로 리스너, 규칙, 대상 그룹을 복원하세요. 타임라인에 변경한 사람이 표시됩니다.",
    },
    clues: [
      clue(
        0.5,
        change(
          regex()`
            ^(ModifyListener|DeleteListener|ModifyRule|DeleteRule|SetRulePriorities|DeleteTargetGroup|
            DeleteLoadBalancer|SetSubnets|SetSecurityGroups|ModifyLoadBalancerAttributes)$`,
          { within: 60 },
        ),
      ),
      clue(
        0.55,
        change(/^(ModifyListener|DeleteListener|ModifyRule|DeleteRule|DeleteTargetGroup|DeleteLoadBalancer)$/, {
          within: 30,
        }),
        { kind: ["target", "metric"], name: /^(healthy|none|Target\.NotInUse|unused|HTTPCode_ELB_5XX_Count)$/ },
      ),
      clue(0.6, change(/^DeleteLoadBalancer$/, { within: 60 })),
    ],
    explains: ["unhealthy-unexplained", "app-errors", "no-targets"],
  },
  {
    id: "no-targets",
    title: { en: "No target is registered behind the load balancer", ko: "로드 밸런서에 등록된 대상이 없음" },
    do: {
      en: "Find out why the service or group has nothing running (its events), and that it is attached to this target group.",
      ko: "서비스나 그룹이 왜 실행 중이 아닌지(이벤트) 확인하고 이 대상 그룹에 연결되어 있는지 점검하세요.",
    },
    clues: [clue(0.6, target(/^none$/))],
    explains: ["app-errors", "unhealthy-unexplained"],
    cap: 0.6,
  },
  {
    id: "waf-blocking",
    title: { en: "The web application firewall (WAF) blocks visitors", ko: "WAF가 정상 방문자를 차단" },
    do: {
      en: "Set the rule that was changed to Count, and look at sampled requests before it blocks again.",
      ko: "변경된 규칙을 Count로 바꾸고 샘플 요청을 확인한 뒤 다시 차단하세요.",
    },
    clues: [
      clue(0.65, change(/^(UpdateWebACL|AssociateWebACL|UpdateRuleGroup|UpdateIPSet)$/, { within: 60 }), {
        kind: ["alarm", "metric", "target"],
        name: /^(BlockedRequests|HealthCheck\w*|healthy)$/,
      }),
    ],
    cap: 0.82,
  },
];
