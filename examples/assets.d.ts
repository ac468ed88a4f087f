/** What Vite gives for a file: where it is, or its text; and what the plugin gives for kernels, one target or another. */
declare module "*?url" {
  const url: string;
  export default url;
}
declare module "*?raw" {
  const text: string;
  export default text;
}
declare module "*.tfx";
declare module "*.tfx?target=software";
