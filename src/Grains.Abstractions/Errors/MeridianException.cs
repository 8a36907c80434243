using Meridian.Messages;

namespace Meridian.Errors;

/// <summary>A <see cref="Messages.Refusal"/> as an exception, for callers of the .NET client.</summary>
[GenerateSerializer, Alias("meridian.MeridianException")]
public sealed class MeridianException : Exception
{
    public MeridianException(Refusal refusal) : base(refusal.Message) => Refusal = refusal;

    public MeridianException(Refusal refusal, Exception inner) : base(refusal.Message, inner) => Refusal = refusal;

    /// <value>Code, message, parameter and when to come back.</value>
    [Id(0)] public Refusal Refusal { get; }
}
