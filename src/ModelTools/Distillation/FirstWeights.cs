namespace Meridian.ModelTools.Distillation;

/// <summary>What a student begins with.</summary>
public enum FirstWeights
{
    /// <summary>Weights that know nothing.</summary>
    Random,

    /// <summary>Weights of the teacher's own layers; the student must be as wide, and the teacher of the same architecture.</summary>
    Teacher,
}
