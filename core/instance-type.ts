/** CPU architecture of an EC2 instance type. Graviton families have a `g` after their generation: t4g, m7g, c7gn. */
export const cpuArchitecture = (instanceType: string): "arm64" | "x86_64" =>
  /^[a-z]+\d+[a-z]*g[a-z]*\./.test(instanceType) ? "arm64" : "x86_64";
