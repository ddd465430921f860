// @filen/aws4-express: awsVerify after Express's parser of bytes, which keeps the body for it.
"use strict";

const { KEY_ID, installed, options, secret, serve } = require("../_serve.js");
const express = require("express");
const { awsVerify, rawBodyFromVerify } = require("@filen/aws4-express");

options([]);
const key = secret();
const app = express();
app.set("env", "test"); // Express prints nothing; its error page stays the one of development
app.use(express.raw({ type: "*/*", verify: rawBodyFromVerify }));
app.use(awsVerify({ secretKey: ({ accessKey }) => (accessKey === KEY_ID ? key : undefined) }));
app.all("/hook", (req, res) => res.type("text/plain").send("ok"));
serve(app, { ...installed("@filen/aws4-express"), schemes: ["aws-sigv4"] });
