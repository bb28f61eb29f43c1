using System.Collections.Immutable;
using System.Globalization;
using System.Reflection;
using System.Text.Json;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;
using Microsoft.CodeAnalysis.CSharp.Scripting;
using Microsoft.CodeAnalysis.Scripting;
using Microsoft.CodeAnalysis.Scripting.Hosting;

namespace Notebooks.Tests;

/// <summary>Runs the code cells of a notebook one after the other, as the C# kernel of .NET Interactive does.</summary>
internal static class Notebook
{
    public static IReadOnlyList<string> CodeCells(string path)
    {
        using JsonDocument notebook = JsonDocument.Parse(File.ReadAllText(path));
        JsonElement kernel = notebook.RootElement.GetProperty("metadata").GetProperty("kernelspec").GetProperty("name");
        Assert.AreEqual(".net-csharp", kernel.GetString());
        return
        [
            .. from cell in notebook.RootElement.GetProperty("cells").EnumerateArray()
               where cell.GetProperty("cell_type").GetString() == "code"
               select string.Concat(cell.GetProperty("source").EnumerateArray().Select(line => line.GetString())),
        ];
    }

    /// <summary>What each cell shows: its text, its number, or its HTML.</summary>
    /// <exception cref="InvalidOperationException">A cell doesn't compile, throws, or shows nothing; the message names it.</exception>
    public static async Task<IReadOnlyList<string>> Run(IReadOnlyList<string> cells)
    {
        using var loader = new InteractiveAssemblyLoader();
        foreach (Assembly assembly in NotebookPackages.Assemblies)
            loader.RegisterDependency(assembly);

        // The language, assemblies and namespaces that the kernel starts with (CSharpKernel.cs in dotnet/interactive).
        ScriptOptions options = ScriptOptions.Default
            .WithLanguageVersion(LanguageVersion.Latest)
            .WithReferences(typeof(Enumerable).Assembly, typeof(object).Assembly)
            .WithImports(
                "System", "System.Text", "System.Collections", "System.Collections.Generic", "System.Threading.Tasks", "System.Linq");

        var shown = new List<string>();
        ScriptState<object>? state = null;
        foreach (string cell in cells)
        {
            (string code, bool asksForPackages) = NotebookPackages.Extract(cell);
            if (asksForPackages)
                options = options.AddReferences(NotebookPackages.Assemblies);

            Script<object> script = state is null
                ? CSharpScript.Create(code, options, assemblyLoader: loader)
                : state.Script.ContinueWith<object>(code, options);
            ImmutableArray<Diagnostic> errors = [.. script.Compile().Where(diagnostic => diagnostic.Severity == DiagnosticSeverity.Error)];
            if (!errors.IsEmpty)
                throw new InvalidOperationException($"Cell {shown.Count + 1} does not compile: {string.Join('\n', errors)}");

            try
            {
                state = state is null ? await script.RunAsync() : await script.RunFromAsync(state);
            }
            catch (Exception e)
            {
                throw new InvalidOperationException($"Cell {shown.Count + 1} throws: {e}", e);
            }

            shown.Add(Shown(state.ReturnValue) ?? throw new InvalidOperationException(
                $"Cell {shown.Count + 1} shows nothing: it ends with {state.ReturnValue ?? "no value"}."));
        }

        return shown;
    }

    private static string? Shown(object? value) => value switch
    {
        null or "" => null,
        string text => text,
        IConvertible and IFormattable number => number.ToString(null, CultureInfo.InvariantCulture),
        _ => NotebookDisplay.Html(value),
    };
}
