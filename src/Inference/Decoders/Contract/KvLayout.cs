namespace Meridian.Inference.Decoders.Contract;

/// <summary>How a graph takes and gives keys and values.</summary>
public enum KvLayout
{
    /// <summary><c>past_key_values.N.key</c> and <c>.value</c>, [batch, heads, past, dimension]; the graph gives them back longer. Batches are padded on the left.</summary>
    Concatenated,

    /// <summary>The same names around <c>com.microsoft.GroupQueryAttention</c>: one buffer for past and present, written in place.</summary>
    Shared,

    /// <summary><c>past_N</c>, keys and values in one tensor [2, batch, heads, past, dimension] (GPT-2).</summary>
    Merged,
}
