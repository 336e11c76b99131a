import { type ErrorContext, invalidArgument, type SchemaIssue, SchemaValidationError } from "./errors.ts";

/** The part of Standard Schema v1 (standardschema.dev) that is used: Zod, Valibot, ArkType and others implement it. */
export interface StandardSchema<Output = unknown> {
  readonly "~standard": {
    readonly version: 1;
    readonly vendor: string;
    readonly validate: (value: unknown) => StandardResult<Output> | Promise<StandardResult<Output>>;
    readonly types?: { readonly input: unknown; readonly output: Output } | undefined;
  };
}

/** What a schema's validation gives: a value, or issues. */
export type StandardResult<Output> =
  | { readonly value: Output; readonly issues?: undefined }
  | { readonly issues: readonly SchemaIssue[] };

/** The type that a schema's values have. */
export type SchemaOutput<Schema extends StandardSchema> = NonNullable<Schema["~standard"]["types"]>["output"];

const SHOWN_ISSUES = 3;

/** The value as the schema returns it. Rejects with SchemaValidationError. */
export async function validate<Output>(
  schema: StandardSchema<Output>,
  value: unknown,
  context: ErrorContext,
): Promise<Output> {
  const standard = schema?.["~standard"];
  if (typeof standard?.validate !== "function")
    throw invalidArgument("schema", schema, "a Standard Schema (Zod, Valibot, ArkType …)");
  const result = await standard.validate(value);
  if (result.issues === undefined) return result.value;
  const shown = result.issues.slice(0, SHOWN_ISSUES).map((issue) => `${pathOf(issue)}${issue.message}`);
  const more = result.issues.length > SHOWN_ISSUES ? ` (and ${result.issues.length - SHOWN_ISSUES} more)` : "";
  throw new SchemaValidationError(
    `the JSON does not match the schema: ${shown.join("; ")}${more}`,
    result.issues,
    context,
  );
}

function pathOf(issue: SchemaIssue): string {
  if (!issue.path?.length) return "";
  return `${issue.path.map((part) => String(typeof part === "object" ? part.key : part)).join(".")}: `;
}
