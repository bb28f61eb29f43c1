using System.Collections;
using System.Linq.Expressions;
using System.Reflection;
using System.Xml.Linq;

namespace MLNet.AnomalyNormalization.Tests;

/// <summary>
/// How a .NET notebook finds what shows a value, by the rules of <c>TryRegisterFromConventionBasedFormatterSources</c> in the
/// <c>Formatter</c> of dotnet/interactive: names alone, public members alone, and calls compiled for exactly these arguments.
/// </summary>
internal static class NotebookDisplay
{
    /// <summary>What is shown, or null if nothing found by the convention shows the value.</summary>
    public static string? Html(object value)
    {
        foreach (object attribute in value.GetType().GetCustomAttributes(inherit: true))
        {
            if (attribute.GetType().Name != "TypeFormatterSourceAttribute"
                || Property(attribute, "FormatterSourceType") is not Type sourceType)
            {
                continue;
            }

            object source = Activator.CreateInstance(sourceType)!;
            foreach (object formatter in (IEnumerable)source.GetType().GetMethod("CreateTypeFormatters")!.Invoke(source, null)!)
            {
                using var writer = new StringWriter();
                if (Property(formatter, "MimeType") is "text/html" && Format(formatter)(value, writer))
                    return writer.ToString();
            }
        }

        return null;
    }

    /// <summary>The rows of a table that is shown, by the name in front; fails if the HTML is not well-formed.</summary>
    public static Dictionary<string, string[]> Rows(string html)
        => XElement.Parse(html).Descendants("tbody").Single().Elements()
            .ToDictionary(row => row.Element("th")!.Value, row => row.Elements("td").Select(cell => cell.Value).ToArray());

    private static object? Property(object of, string name) => of.GetType().GetProperty(name)?.GetGetMethod()?.Invoke(of, null);

    private static Func<object, TextWriter, bool> Format(object formatter)
    {
        MethodInfo method = formatter.GetType().GetMethod("Format")!;
        ParameterExpression value = Expression.Parameter(typeof(object)), writer = Expression.Parameter(typeof(TextWriter));
        MethodCallExpression call = Expression.Call(Expression.Constant(formatter), method, value, writer);
        return Expression.Lambda<Func<object, TextWriter, bool>>(call, value, writer).Compile();
    }
}
