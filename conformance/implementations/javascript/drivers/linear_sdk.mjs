// @linear/sdk: LinearWebhookClient.createHandler on a Node request. The argument names another installed version.
import { Rejected, installed, keyed, serve } from "./countersign_driver.mjs";

const folder = process.argv[2] ?? "@linear/sdk";
const { LinearWebhookClient } = await import(`${folder}/webhooks`);

serve({
  ...installed(folder),
  schemes: ["linear"],
  capabilities: ["clock"],
  async verify(request) {
    const response = { setHeader() {}, end: (text) => (response.text = text) };
    const client = keyed(() => new LinearWebhookClient(request.key));
    await client.createHandler()(request.incoming(), response);
    if (response.statusCode === 500) throw new Error(response.text);
    if (response.statusCode !== 200) throw new Rejected(response.text);
    return true;
  },
});
