namespace Meridian.Inference.Engines.Generation.Contract;

/// <summary>Why a choice ended.</summary>
public enum GenerationFinish
{
    /// <summary>The model ended its text, or a stop string came.</summary>
    Stop = 1,

    /// <summary>The most tokens asked for, or the end of the context.</summary>
    Length = 2,
}
