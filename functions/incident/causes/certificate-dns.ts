import { regex } from "../../../core/regex";
import { alarm, type Cause, change, clue, event, line, target } from "./cause";

const REJECTED = regex("i")`
    ALTNAME_INVALID|SELF_SIGNED|UNABLE_TO_VERIFY_LEAF|UNABLE_TO_GET_ISSUER|CERT_REVOKED|CERT_NOT_YET_VALID|
    certificate unknown|UNRECOGNIZED_NAME|HANDSHAKE_FAILURE`;

const DNS_FAIL = /\b(NXDOMAIN|SERVFAIL|REFUSED|NODATA)\b/;

/** Causes in the certificate, the domain and its DNS. */
export const certificateDnsCauses: readonly Cause[] = [
  {
    id: "certificate-expired",
    title: { en: "The TLS certificate has expired", ko: "TLS 인증서 만료" },
    do: {
      en: "Renew it now (`certbot renew && systemctl reload nginx`; ACM: put its validation record back) and check why renewal failed.",
      ko: "즉시 갱신하고(`certbot renew && systemctl reload nginx`; ACM은 검증 레코드 복원) 갱신 실패 원인을 확인하세요.",
    },
    clues: [
      clue(0.92, { kind: "certificate", name: /^handshake$/, text: /CERT_HAS_EXPIRED|certificate has expired/i }),
      clue(0.85, { kind: "certificate", name: /^days-left$/, text: /the site's/, max: 0 }),
      clue(0.6, { kind: "certificate", name: /^(status|days-left)$/, text: /^(EXPIRED|ACM certificate)/, max: 0 }),
      clue(0.55, { kind: "certificate", name: /^status$/, text: /^EXPIRED|renewal FAILED/ }),
      clue(
        0.35,
        line(/certificate has expired|CERT_HAS_EXPIRED|certbot.*(fail|error)|renewal.*fail|acme.*(error|fail)/i),
      ),
      clue(0.35, alarm(/^DaysToExpiry$/)),
      clue(0.4, event(/ACM Certificate (Expired|Renewal Action Required)/)),
    ],
    explains: ["outside-path", "app-errors", "dependency-failing", "certificate-wrong"],
  },
  {
    id: "certificate-wrong",
    title: {
      en: "The site shows a certificate that browsers reject",
      ko: "브라우저가 거부하는 인증서 제공 (이름 불일치, 자체 서명 등)",
    },
    do: {
      en:
        "Attach the certificate that covers the name to the listener or Nginx, " +
        "with its chain; on Vercel, check the domain's certificate.",
      ko: "도메인을 포함하는 인증서(체인 포함)를 리스너나 Nginx에 적용하고, Vercel이면 도메인 인증서를 확인하세요.",
    },
    clues: [
      clue(0.7, { kind: "certificate", name: /^handshake$/, text: REJECTED }),
      // A domain in order makes it likelier that the certificate is the site's own; its record may still name a stranger's server.
      clue(
        0.3,
        { kind: "certificate", name: /^handshake$/, text: REJECTED },
        { kind: "dns", name: /^delegation$/, text: /^OK/ },
        { kind: "dns", name: /^record$/, text: /^(A|AAAA|CNAME) / },
      ),
      clue(0.3, {
        kind: "certificate",
        name: /^status$/,
        text: /^(REVOKED|FAILED|VALIDATION_TIMED_OUT|PENDING_VALIDATION)/,
      }),
      clue(
        0.2,
        change(
          /^(ModifyListener|AddListenerCertificates|RemoveListenerCertificates|DeleteCertificate|RevokeCertificate)$/,
        ),
      ),
    ],
    explains: ["outside-path", "app-errors"],
  },
  {
    id: "domain-expired",
    title: { en: "The domain's registration has expired or is on hold", ko: "도메인 등록 만료 또는 정지" },
    do: {
      en: "Renew the domain at its registrar now; registrars keep it for a grace period of about 30 days.",
      ko: "등록 기관에서 즉시 갱신하세요. 보통 약 30일의 유예 기간이 있습니다.",
    },
    clues: [
      clue(0.9, {
        kind: "dns",
        name: /^domain$/,
        text: /client ?hold|server ?hold|redemption ?period|pending ?delete/i,
      }),
      clue(0.6, { kind: "dns", name: /^domain$/, max: 0 }),
      clue(0.35, { kind: "dns", name: /^domain$/, max: 0 }, { kind: "dns", name: /status$/, text: DNS_FAIL }),
      clue(0.4, event(/Health|Domain/, /DOMAIN.*EXPIR|expir.*domain/i)),
    ],
    explains: ["dns-record-wrong", "dns-delegation-broken", "outside-path", "dnssec-broken", "certificate-wrong"],
  },
  {
    id: "dnssec-broken",
    title: { en: "DNSSEC validation of the domain fails", ko: "DNSSEC 검증 실패" },
    do: {
      en: "Remove the DS record at the registrar, or make the zone's signing key active again; resolvers forget after the DS record's TTL.",
      ko: "등록 기관의 DS 레코드를 제거하거나 영역의 서명 키를 다시 활성화하세요. DS TTL이 지나면 회복됩니다.",
    },
    clues: [
      clue(0.88, {
        kind: "dns",
        name: /status$/,
        text: /SERVFAIL.*(DNSSEC|RRSIG|DS record|DNSKEY|signature|validat)/i,
      }),
      clue(
        0.5,
        change(
          /^(DisableHostedZoneDNSSEC|DeactivateKeySigningKey|DeleteKeySigningKey|DisassociateDelegationSignerFromDomain)$/,
          { within: 2880 },
        ),
      ),
      clue(
        0.35,
        change(/^(DisableHostedZoneDNSSEC|DeactivateKeySigningKey|DeleteKeySigningKey|EnableHostedZoneDNSSEC)$/, {
          within: 2880,
        }),
        { kind: "dns", name: /status$/, text: /SERVFAIL/ },
      ),
    ],
    explains: ["dns-delegation-broken", "outside-path", "dns-record-wrong"],
  },
  {
    id: "dns-delegation-broken",
    title: { en: "The domain no longer points to the zone's name servers", ko: "도메인의 네임서버 위임이 깨짐" },
    do: {
      en: "Set the zone's four name servers at the registrar (`aws route53 get-hosted-zone`).",
      ko: "등록 기관에 영역의 네임서버 4개를 다시 설정하세요 (`aws route53 get-hosted-zone`).",
    },
    clues: [
      clue(0.85, { kind: "dns", name: /^delegation$/, text: /^MISMATCH/ }),
      clue(0.5, { kind: "dns", name: /^zone-status$/, text: DNS_FAIL }),
      clue(0.4, { kind: "dns", name: /^status$/, text: /SERVFAIL|REFUSED/ }),
      clue(0.5, change(/^(UpdateDomainNameservers|DeleteHostedZone|CreateHostedZone)$/, { within: 2880 })),
    ],
    explains: ["dns-record-wrong", "outside-path", "certificate-wrong"],
  },
  {
    id: "dns-record-wrong",
    title: {
      en: "The site's DNS record is missing or points elsewhere",
      ko: "DNS 레코드가 없거나 잘못된 대상을 가리킴",
    },
    do: {
      en: "Put the record back (`pulumi up --refresh` shows the difference); the timeline names who changed it; resolvers need its TTL.",
      ko: "레코드를 복원하세요(`pulumi up --refresh`로 차이 확인). 타임라인에 변경한 사람이 있으며 TTL만큼 걸립니다.",
    },
    clues: [
      clue(0.6, { kind: "dns", name: /^status$/, text: /NXDOMAIN/ }),
      clue(0.7, { kind: "dns", name: /^record$/, text: /holds no address record/ }),
      clue(0.5, { kind: "dns", name: /^address$/, text: /^(NODATA|MISMATCH)/ }),
      clue(0.4, change(/^ChangeResourceRecordSets$/, { within: 180 })),
      clue(0.45, change(/^ChangeResourceRecordSets$/, { within: 180 }), {
        kind: ["dns", "certificate"],
        name: /^(status|address|record|handshake)$/,
        text: /NXDOMAIN|NODATA|MISMATCH|holds no|ENOTFOUND|ECONNREFUSED|ETIMEDOUT|ALTNAME/,
      }),
    ],
    explains: ["outside-path", "certificate-wrong", "no-targets"],
  },
  {
    id: "outside-path",
    title: {
      en: "Everything inside is healthy; only the check from outside fails",
      ko: "내부는 모두 정상이며 외부 점검만 실패",
    },
    do: {
      en: "Open the site from another network; check DNS, certificate and firewall on the way, and the monitoring service's own status.",
      ko: "다른 네트워크에서 접속해 보고 DNS, 인증서, 방화벽과 모니터링 서비스의 상태를 확인하세요.",
    },
    clues: [clue(0.45, target(/^healthy$/), alarm(/HealthCheck(Status|PercentageHealthy)|Uptime|external/i))],
    cap: 0.5,
  },
];
