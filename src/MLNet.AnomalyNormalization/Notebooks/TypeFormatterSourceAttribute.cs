namespace MLNet.AnomalyNormalization.Notebooks;

/// <summary>
/// Tells .NET notebooks how a type shows itself. They look for an attribute of this name with this property, wherever it is defined (the
/// <c>Formatter</c> of dotnet/interactive, <c>TryRegisterFromConventionBasedFormatterSources</c>), so that no package of theirs is needed.
/// </summary>
[AttributeUsage(AttributeTargets.Class | AttributeTargets.Struct)]
internal sealed class TypeFormatterSourceAttribute(Type formatterSourceType) : Attribute
{
    public Type FormatterSourceType { get; } = formatterSourceType;
}
