namespace Meridian.Gateway.OpenAi.Generation.Resumption;

/// <summary>Names one answer that can be resumed.</summary>
/// <param name="Tenant">Tenant that owns the answer.</param>
/// <param name="Answer">Id of the answer.</param>
internal readonly record struct AnswerKey(string Tenant, string Answer);
