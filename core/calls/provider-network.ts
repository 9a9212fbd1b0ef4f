import { on, onOwn, type Use } from "./call";

/** What a machine consists of, each part asked for by itself. */
const LAUNCH =
  "ec2:image ec2:instance ec2:launch-template ec2:network-interface ec2:security-group ec2:subnet ec2:volume";

/** Calls of the AWS provider by type of resource: network, balancer, names and certificates. */
export const networkCalls: Readonly<Record<string, readonly Use[]>> = {
  "acm/Certificate": [
    on(
      "acm:certificate",
      "DescribeCertificate ListTagsForCertificate GetCertificate",
      "AddTagsToCertificate RemoveTagsFromCertificate UpdateCertificateOptions",
    ),
    onOwn("acm:certificate", "", "DeleteCertificate"),
    on("acm", "", "RequestCertificate"),
  ],
  "acm/CertificateValidation": [on("acm:certificate", "DescribeCertificate")],
  "ec2/DefaultSecurityGroup": [
    on("ec2", "DescribeSecurityGroups DescribeSecurityGroupRules DescribeTags"),
    on("ec2:security-group ec2:security-group-rule", "", "AuthorizeSecurityGroupIngress AuthorizeSecurityGroupEgress"),
    on("ec2:security-group", "", "RevokeSecurityGroupIngress RevokeSecurityGroupEgress CreateTags DeleteTags"),
  ],
  "ec2/Eip": [
    on("ec2", "DescribeAddresses DescribeAddressesAttribute DescribeTags"),
    on("ec2:elastic-ip", "", "AllocateAddress CreateTags DeleteTags"),
    onOwn("ec2:elastic-ip", "", "ReleaseAddress"),
  ],
  "ec2/EipAssociation": [
    on("ec2", "DescribeAddresses"),
    on("ec2:elastic-ip ec2:instance ec2:network-interface", "", "AssociateAddress"),
    on("ec2:elastic-ip ec2:network-interface", "", "DisassociateAddress"),
  ],
  "ec2/Instance": [
    on(
      "ec2",
      `DescribeInstances DescribeInstanceTypes DescribeInstanceCreditSpecifications DescribeVolumes DescribeImages
      DescribeVpcs DescribeSubnets DescribeIamInstanceProfileAssociations DescribeTags`,
    ),
    on(
      "ec2:instance",
      "DescribeInstanceAttribute",
      `StartInstances ModifyInstanceMetadataOptions ModifyInstanceCreditSpecification AssociateIamInstanceProfile
      DisassociateIamInstanceProfile ReplaceIamInstanceProfileAssociation MonitorInstances UnmonitorInstances`,
    ),
    onOwn("ec2:instance", "", "TerminateInstances StopInstances"),
    on(LAUNCH, "", "RunInstances"),
    on("ec2:instance ec2:security-group ec2:volume", "", "ModifyInstanceAttribute"),
    on("ec2:volume", "", "ModifyVolume"),
    on("ec2:instance ec2:network-interface ec2:volume", "", "CreateTags DeleteTags"),
  ],
  "ec2/InternetGateway": [
    on("ec2", "DescribeInternetGateways DescribeTags"),
    on("ec2:internet-gateway", "", "CreateInternetGateway CreateTags DeleteTags"),
    onOwn("ec2:internet-gateway", "", "DeleteInternetGateway"),
    on("ec2:internet-gateway ec2:vpc", "", "AttachInternetGateway DetachInternetGateway"),
  ],
  "ec2/LaunchTemplate": [
    on("ec2", "DescribeLaunchTemplates DescribeLaunchTemplateVersions DescribeTags"),
    on(
      "ec2:launch-template",
      "",
      `CreateLaunchTemplate CreateLaunchTemplateVersion ModifyLaunchTemplate CreateTags DeleteTags`,
    ),
    onOwn("ec2:launch-template", "", "DeleteLaunchTemplate"),
    on(LAUNCH, "", "RunInstances"),
  ],
  "ec2/Route": [on("ec2", "DescribeRouteTables"), on("ec2:route-table", "", "CreateRoute DeleteRoute ReplaceRoute")],
  "ec2/RouteTable": [
    on("ec2", "DescribeRouteTables DescribeTags"),
    on("ec2:route-table ec2:vpc", "", "CreateRouteTable"),
    on("ec2:route-table", "", "CreateRoute DeleteRoute ReplaceRoute CreateTags DeleteTags"),
    onOwn("ec2:route-table", "", "DeleteRouteTable"),
  ],
  "ec2/RouteTableAssociation": [
    on("ec2", "DescribeRouteTables"),
    on("ec2:route-table ec2:subnet", "", "AssociateRouteTable DisassociateRouteTable ReplaceRouteTableAssociation"),
  ],
  "ec2/SecurityGroup": [
    on("ec2", `DescribeSecurityGroups DescribeSecurityGroupRules DescribeNetworkInterfaces DescribeTags`),
    on("ec2:security-group ec2:vpc", "", "CreateSecurityGroup"),
    on("ec2:security-group", "", "RevokeSecurityGroupEgress RevokeSecurityGroupIngress CreateTags DeleteTags"),
    onOwn("ec2:security-group", "", "DeleteSecurityGroup"),
    on("ec2:security-group ec2:security-group-rule", "", "AuthorizeSecurityGroupEgress"),
  ],
  "ec2/Subnet": [
    on("ec2", "DescribeSubnets DescribeNetworkInterfaces DescribeTags"),
    on("ec2:subnet ec2:vpc", "", "CreateSubnet"),
    on("ec2:subnet", "", "ModifySubnetAttribute CreateTags DeleteTags"),
    onOwn("ec2:subnet", "", "DeleteSubnet"),
  ],
  "ec2/Vpc": [
    on("ec2", `DescribeVpcs DescribeNetworkAcls DescribeRouteTables DescribeSecurityGroups DescribeTags`),
    on("ec2:vpc", "DescribeVpcAttribute", "CreateVpc ModifyVpcAttribute CreateTags DeleteTags"),
    onOwn("ec2:vpc", "", "DeleteVpc"),
  ],
  "lb/Listener": [
    on("elasticloadbalancing", "DescribeListeners DescribeListenerAttributes DescribeTags"),
    on("elasticloadbalancing:loadbalancer/app/", "", "CreateListener"),
    on(
      "elasticloadbalancing:listener/app",
      "",
      "ModifyListener ModifyListenerAttributes DeleteListener AddTags RemoveTags",
    ),
  ],
  "lb/ListenerRule": [
    on("elasticloadbalancing", "DescribeRules DescribeTags"),
    on("elasticloadbalancing:listener/app", "", "CreateRule"),
    on("elasticloadbalancing:listener-rule/app", "", "ModifyRule DeleteRule SetRulePriorities AddTags RemoveTags"),
  ],
  "lb/LoadBalancer": [
    on(
      "elasticloadbalancing",
      `DescribeLoadBalancers DescribeLoadBalancerAttributes DescribeCapacityReservation DescribeTags`,
    ),
    on(
      "elasticloadbalancing:loadbalancer/app/",
      "",
      `CreateLoadBalancer DeleteLoadBalancer ModifyLoadBalancerAttributes SetSecurityGroups SetSubnets
      SetIpAddressType AddTags RemoveTags`,
    ),
  ],
  "lb/TargetGroup": [
    on("elasticloadbalancing", `DescribeTargetGroups DescribeTargetGroupAttributes DescribeTargetHealth DescribeTags`),
    on(
      "elasticloadbalancing:targetgroup",
      "",
      `CreateTargetGroup ModifyTargetGroup ModifyTargetGroupAttributes DeleteTargetGroup AddTags RemoveTags`,
    ),
  ],
  "lb/TargetGroupAttachment": [
    on("elasticloadbalancing", "DescribeTargetHealth"),
    on("elasticloadbalancing:targetgroup", "", "RegisterTargets DeregisterTargets"),
  ],
  "route53/HealthCheck": [
    on(
      "route53:healthcheck",
      "GetHealthCheck ListTagsForResource",
      "UpdateHealthCheck DeleteHealthCheck ChangeTagsForResource",
    ),
    on("route53", "", "CreateHealthCheck"),
  ],
  "route53/Record": [
    on("route53:hostedzone", "ListResourceRecordSets GetHostedZone", "ChangeResourceRecordSets"),
    on("route53:change", "GetChange"),
  ],
  "route53/Zone": [
    on(
      "route53:hostedzone",
      "GetHostedZone ListTagsForResource GetDNSSEC",
      "UpdateHostedZoneComment DeleteHostedZone ChangeTagsForResource",
    ),
    on("route53", "ListHostedZones", "CreateHostedZone"),
    on("route53:change", "GetChange"),
  ],
  "vpc/SecurityGroupEgressRule": [
    on("ec2", "DescribeSecurityGroupRules DescribeTags"),
    on("ec2:security-group ec2:security-group-rule", "", "AuthorizeSecurityGroupEgress ModifySecurityGroupRules"),
    on("ec2:security-group", "", "RevokeSecurityGroupEgress"),
    on("ec2:security-group-rule", "", "CreateTags DeleteTags"),
  ],
  "vpc/SecurityGroupIngressRule": [
    on("ec2", "DescribeSecurityGroupRules DescribeTags"),
    on("ec2:security-group ec2:security-group-rule", "", "AuthorizeSecurityGroupIngress ModifySecurityGroupRules"),
    on("ec2:security-group", "", "RevokeSecurityGroupIngress"),
    on("ec2:security-group-rule", "", "CreateTags DeleteTags"),
  ],
  "wafv2/WebAcl": [
    on(
      "wafv2:webacl",
      "GetWebACL ListTagsForResource",
      "CreateWebACL UpdateWebACL DeleteWebACL TagResource UntagResource",
    ),
    on("wafv2:managedruleset", "", "CreateWebACL UpdateWebACL"),
  ],
  "wafv2/WebAclAssociation": [
    on("wafv2:webacl wafv2:loadbalancer/app/", "GetWebACLForResource", "AssociateWebACL"),
    on("wafv2:loadbalancer/app/", "", "DisassociateWebACL"),
    // Asked by WAF in the caller's name.
    on("elasticloadbalancing", "", "SetWebAcl"),
    on(
      "elasticloadbalancing:loadbalancer/app/",
      "GetLoadBalancerWebACL",
      "CreateWebACLAssociation DeleteWebACLAssociation",
    ),
  ],
};
