namespace Meridian.Messages.Generation;

/// <summary>Why a choice ended. The numbers are wire format.</summary>
public enum FinishReason
{
    /// <summary>The model ended its text, or a stop string came.</summary>
    Stop = 1,

    /// <summary>The most tokens asked for, or the end of the context.</summary>
    Length = 2,
}
