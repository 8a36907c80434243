namespace Meridian.Gateway.OpenAi.Generation.Resumption;

/// <summary>Names one answer that can be resumed.</summary>
/// <param name="Tenant">Whose it is.</param>
/// <param name="Answer">Its id.</param>
internal readonly record struct AnswerKey(string Tenant, string Answer);
