namespace Meridian.Inference.Engines.Generation.Contract;

/// <summary>Why a choice ended.</summary>
public enum GenerationFinish
{
    /// <summary>The model ended its text, or a stop string was found.</summary>
    Stop = 1,

    /// <summary>The choice reached the token limit of the request, or the end of the context.</summary>
    Length = 2,
}
