namespace Meridian.Inference.Decoders.Contract;

/// <summary>How a graph takes and returns keys and values.</summary>
public enum KvLayout
{
    /// <summary>
    /// <c>past_key_values.N.key</c> and <c>.value</c>, [batch, heads, past, dimension]. The graph returns them with the new tokens appended. Batches are padded
    /// on the left.
    /// </summary>
    Concatenated,

    /// <summary>The same names with <c>com.microsoft.GroupQueryAttention</c>: past and present are one buffer, which is written in place.</summary>
    Shared,

    /// <summary><c>past_N</c>: keys and values are in one tensor [2, batch, heads, past, dimension] (GPT-2).</summary>
    Merged,
}
