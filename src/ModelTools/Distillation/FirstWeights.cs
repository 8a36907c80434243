namespace Meridian.ModelTools.Distillation;

/// <summary>What a student begins with.</summary>
public enum FirstWeights
{
    /// <summary>Weights that know nothing.</summary>
    Random,

    /// <summary>Weights of the teacher's own layers. The student must be at least as wide as the teacher, and of the same architecture.</summary>
    Teacher,
}
