namespace Meridian.Inference.Packages.HuggingFace;

/// <summary>Stages of an import, in order.</summary>
public enum ImportStage
{
    /// <summary>Reading the files for their digests.</summary>
    Hashing,

    /// <summary>Comparing graph, configuration and tokenizer.</summary>
    Checking,

    Copying,
}
