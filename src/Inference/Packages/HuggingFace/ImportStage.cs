namespace Meridian.Inference.Packages.HuggingFace;

/// <summary>Stages of an import, in order.</summary>
public enum ImportStage
{
    /// <summary>Reads the files to compute their digests.</summary>
    Hashing,

    /// <summary>Compares graph, configuration and tokenizer.</summary>
    Checking,

    Copying,
}
