using System.Runtime.CompilerServices;

namespace MLNet.AnomalyNormalization.Scale;

/// <summary>Enum values that are one of those that the type declares.</summary>
internal static class DefinedEnum
{
    /// <exception cref="ArgumentOutOfRangeException">The type declares no such value.</exception>
    public static T Require<T>(T value, [CallerMemberName] string name = "")
        where T : struct, Enum
        => Enum.IsDefined(value)
            ? value
            : throw new ArgumentOutOfRangeException(name, value, $"Expected one of {string.Join(", ", Enum.GetNames<T>())}.");
}
